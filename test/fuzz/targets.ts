// The targets in TypeScript, by name; each loads when it is asked for.
import type { Target } from './target.ts';

export const targets: Readonly<Record<string, () => Promise<Target>>> = {
  config: async () => (await import('./targets/config.ts')).config,
  control: async () => (await import('./targets/control.ts')).control,
  core: async () => (await import('./targets/core.ts')).core,
  eap: async () => (await import('./targets/eap.ts')).eap,
  pki: async () => (await import('./targets/pki.ts')).pki,
  wire: async () => (await import('./targets/wire.ts')).wire,
};
