// After each test: no world that it made has told a secret.
import { afterEach, expect } from 'vitest';

type Look = () => readonly string[];
const looks: Look[] = [];
const found: string[] = [];

/** Has something looked at when the test is over, or when many others have come after it. */
export function lookLater(look: Look): void {
  looks.push(look);
  // A test of many seeds makes many worlds; they are not all kept until its end.
  if (looks.length > mostWaiting) found.push(...(looks.shift()?.() ?? []));
}

afterEach(() => {
  const told = [...found.splice(0), ...looks.splice(0).flatMap((look) => look())];
  expect([...new Set(told)]).toEqual([]);
});

const mostWaiting = 4;
