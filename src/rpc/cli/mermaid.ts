// The life of an IKE SA as the text of a Mermaid sequence diagram, which forges and editors draw.
import { printable } from '../../base/printable.ts';
import { type Life, stepsOf } from './life.ts';

/** @param peer what it is called; anything that anybody may have sent */
export function mermaid(life: Life, peer: string): string {
  const steps = stepsOf(life);
  const startedAt = steps[0]?.at ?? 0;
  return [
    'sequenceDiagram',
    `  participant P as ${quoted(peer)}`,
    '  participant G as gateway',
    ...steps.map(({ at, from, text, gist, isLost }) => {
      const words = gist === '' ? text : `${text} (${gist})`;
      const label = quoted(`+${(at - startedAt).toFixed(3)} s ${words}`);
      if (from === undefined) return `  Note over P,G: ${label}`;
      const arrow = from === 'peer' ? 'P->>G' : isLost ? 'G-xP' : 'G->>P';
      return `  ${arrow}: ${label}`;
    }),
  ].join('\n');
}

/**
 * Text that nothing in Mermaid's grammar reads as its own: all but plain characters become entities, and so does the
 * word that ends a block.
 */
const quoted = (text: string): string =>
  printable(text, 300)
    .replace(/[^\w ,.:+()[\]/@=*-]/gu, (char) => `#${char.codePointAt(0)};`)
    .replace(/\be(?=nd\b)/gi, (e) => `#${e.codePointAt(0)};`);
