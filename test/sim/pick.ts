// Elements that a scenario knows to be there: a missing one fails the test by name instead of as `undefined`.

/** @throws Error when there is none */
export function first<T>(list: Iterable<T>, what = 'element'): T {
  for (const one of list) return one;
  throw new Error(`no ${what}`);
}

/** @throws Error when there is none */
export function last<T>(list: readonly T[], what = 'element'): T {
  return first(list.slice(-1), what);
}

/** @throws Error when it is undefined */
export function present<T>(value: T | undefined, what = 'value'): T {
  if (value === undefined) throw new Error(`no ${what}`);
  return value;
}
