export function translations(_language: string): Readonly<Record<string, unknown>> {
  return {};
}
