// Figures and tables for people: fits 80 to 100 columns, needs no Intl.

/** `1.2 MB`: three digits at most, powers of a thousand. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  for (const unit of ['B', 'kB', 'MB', 'GB', 'TB']) {
    if (value < 999.5)
      return `${value < 9.95 && unit !== 'B' ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
    value /= 1000;
  }
  return `${value.toFixed(0)} PB`;
}

/** `30 d`, `3 d 4 h`, `4 h 5 min`, `5 min`, `7 s`. */
export function formatDuration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 240) return `${Math.floor(hours / 24)} d`;
  if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min` : `${Math.floor(seconds)} s`;
}

/** Local time: `14:05:09` of today, else `2026-11-23 14:05`. @param at seconds since 1970 */
export function formatTime(at: number, now: number): string {
  const [time, today] = [new Date(at * 1000), new Date(now * 1000)];
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits);
  const isToday = time.toDateString() === today.toDateString();
  return isToday ? clock.join(':') : `${formatDate(time)} ${clock.slice(0, 2).join(':')}`;
}

/** A table without lines; a cell may have several lines. Headings in capitals. */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [headings.map((heading) => heading.toUpperCase()), ...rows.flatMap(unfold)];
  const widths = headings.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A text behind a label, in lines of at most `width` characters where its words allow it. */
export function wrap(label: string, text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && label.length + longer.length > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  lines.push(line);
  return lines.map((each, i) => (i === 0 ? label : ' '.repeat(label.length)) + each).join('\n');
}

/** One row of cells with line breaks becomes rows of cells without. */
function unfold(row: readonly string[]): string[][] {
  const cells = row.map((cell) => cell.split('\n'));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, i) => cells.map((lines) => lines[i] ?? ''));
}

const formatDate = (time: Date): string =>
  [time.getFullYear(), twoDigits(time.getMonth() + 1), twoDigits(time.getDate())].join('-');
const twoDigits = (n: number): string => `${n}`.padStart(2, '0');

/** The day of a moment, in UTC. @param at seconds since 1970 */
export const day = (at: number): string => new Date(at * 1000).toISOString().slice(0, 10);
