/** The registered name of a value, or the number itself: unknown values are printable too. */
export function nameOf(registry: Readonly<Record<string, number>>, value: number): string {
  return namesOf(registry).get(value) ?? `${value}`;
}

/** Turned round once: names are asked for with every message. */
function namesOf(registry: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  const known = turned.get(registry);
  if (known) return known;
  // The first name of a value is its own, further ones are aliases.
  const names = new Map(
    Object.entries(registry)
      .reverse()
      .map(([name, value]) => [value, name]),
  );
  turned.set(registry, names);
  return names;
}

const turned = new WeakMap<object, ReadonlyMap<number, string>>();
