// Which cipher of ESP goes first, where nobody chose: known when the data plane has been opened.
import type { Policy } from '../policy/policy.ts';
import { espWithoutAes } from '../transforms/suites.ts';
import type { Gathered } from './gather.ts';
import type { Opened } from './settings.ts';

/** The same configuration in the order that suits the processor. */
export function forProcessor(gathered: Gathered, { aesUnit }: Pick<Opened, 'aesUnit'>): Gathered {
  return aesUnit ? gathered : { ...gathered, policy: withoutAes(gathered.policy) };
}

function withoutAes(policy: Policy): Policy {
  const connections = policy.connections.map((one) => ({ ...one, esp: espWithoutAes(one.esp) }));
  return { ...policy, connections };
}
