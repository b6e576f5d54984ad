// One light of the self test: what was looked at, how it stands, and what helps.
import type { SelfCheck } from '../rpc/api.ts';

export const fine = (name: string, says: string): SelfCheck => ({ name, state: 'fine', says });
export const unknown = (name: string, says: string): SelfCheck => ({
  name,
  state: 'unknown',
  says,
});
export const doubtful = (name: string, says: string, cure: string): SelfCheck => ({
  ...{ name, state: 'doubtful', says, cure },
});
export const broken = (name: string, says: string, cure: string): SelfCheck => ({
  ...{ name, state: 'broken', says, cure },
});
