/** The registered name of a value, or the number itself: unknown values are printable too. */
export function nameOf(registry: Readonly<Record<string, number>>, value: number): string {
  for (const [name, number] of Object.entries(registry)) if (number === value) return name;
  return `${value}`;
}
