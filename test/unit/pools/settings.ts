// Pools for tests, in few words.
import { ip, type Prefix, parsePrefix } from '../../../src/base/ip.ts';
import type { PoolSettings } from '../../../src/policy/pool.ts';

export function pool(
  ranges: readonly string[],
  more: { readonly dns?: readonly string[]; readonly sticky?: boolean } = {},
): PoolSettings {
  return {
    name: 'phones',
    ranges: ranges.map(prefix),
    dns: (more.dns ?? []).map(ip),
    domains: ['lan'],
    sticky: more.sticky ?? true,
  };
}

export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (!parsed) throw new Error(`not a prefix: ${text}`);
  return parsed;
}
