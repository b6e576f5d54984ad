// A file without one of its guards.
import type { Guard } from './guards.ts';

/** @throws Error unless the guard stands there, once */
export function withoutGuard(text: string, { file, guard, without }: Guard): string {
  const parts = text.split(guard);
  if (guard === '' || parts.length !== 2) {
    throw new Error(`${file} has ${parts.length - 1} times «${guard}», which is to be there once`);
  }
  return parts.join(without);
}
