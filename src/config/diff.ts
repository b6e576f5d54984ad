// What another configuration means for a service that runs: which tunnels may not go on, and which settings have
// to wait for a restart. Pure.
import { isDeepStrictEqual } from 'node:util';
import { equal } from '../base/bytes.ts';
import type { SaSnapshot } from '../ike/core.ts';
import { formatPpkId } from '../ike/extensions/ppk.ts';
import { presharedKey } from '../ike/negotiate/identities.ts';
import { parseIdentity } from '../policy/identity.ts';
import type { Connection, Policy } from '../policy/policy.ts';
import type { AuthorityFile, Configuration, ServiceSettings } from './configuration.ts';

/** A configuration with what its files hold. */
export interface Usable {
  readonly configuration: Configuration;
  readonly policy: Policy;
  readonly store: { readonly revoked: { has(certificate: string): boolean } };
}

/**
 * Why an IKE SA of the old configuration has no place in the next one, in words that follow its name.
 * @returns undefined when it may go on; settings that it did not depend on may have changed
 */
export function whyStale(
  sa: Pick<SaSnapshot, 'connection' | 'peer' | 'certificate' | 'ppk'>,
  old: Usable,
  next: Usable,
): string | undefined {
  const { connection: name, certificate } = sa;
  if (certificate !== undefined && next.store.revoked.has(certificate)) {
    return 'its certificate was revoked';
  }
  if (name === undefined) return undefined;
  const [before, after] = [old, next].map(({ policy }) => connectionNamed(name, policy));
  if (!before) return undefined; // hung up by an earlier reload, and not gone yet
  if (!after) return 'its connection is not in the configuration any more';
  const changed = [...changedOptions(before, after), ...changedNames(name, old, next)];
  if (changed.length > 0) return `its connection changed (${changed.join(', ')})`;
  if (hasOtherKey(sa, after, old.policy, next.policy)) return 'its shared secret changed';
  if (hasOtherPpk(sa, old.policy, next.policy)) return 'its PPK changed';
  const lost =
    old.policy.authorities.some((one) => !isAmong(one, next.policy.authorities)) ||
    old.configuration.authorities.some((one) => vouchesForLess(one, next.configuration));
  return lost && (certificate !== undefined || after.remoteAuth.includes('pubkey'))
    ? 'an authority is not believed any more'
    : undefined;
}

/** Whether an authority is still there, and not for everybody any more for whom it was. */
const vouchesForLess = ({ name, vouchesFor }: AuthorityFile, next: Configuration): boolean =>
  next.authorities.some(
    (one) => one.name === name && one.vouchesFor !== 'any' && one.vouchesFor !== vouchesFor,
  );

/** Options of the service that a running one keeps as they are, and that are not the same in `next`. */
export function optionsForRestart(
  old: ServiceSettings,
  next: ServiceSettings,
): readonly (keyof ServiceSettings & string)[] {
  return serviceKeys.filter(
    (key) => optionOfSetting[key] !== undefined && !isDeepStrictEqual(old[key], next[key]),
  );
}

/** The name in the file of a setting that has to wait for a restart. */
export const optionOfSetting: Readonly<Record<keyof ServiceSettings, string | undefined>> = {
  enabled: 'enabled',
  listen: 'listen',
  port: 'port',
  nattPort: 'natt_port',
  device: 'device',
  mtu: 'mtu',
  workers: 'workers',
  copyDscp: 'copy_dscp',
  engine: 'engine',
  keylog: 'keylog',
  websocket: 'websocket',
  identity: undefined,
  home: undefined,
  links: undefined,
  zone: undefined,
  folder: undefined,
  log: undefined,
};
const serviceKeys = Object.keys(optionOfSetting) as (keyof ServiceSettings)[];

const connectionNamed = (name: string, { connections }: Policy): Connection | undefined =>
  connections.find((one) => one.name === name);

function changedOptions(before: Connection, after: Connection): readonly string[] {
  return Object.entries(optionOfField).flatMap(([field, option]) => {
    const key = field as keyof Connection;
    return option === undefined || isDeepStrictEqual(before[key], after[key]) ? [] : option;
  });
}

/** Host names to dial are not part of the policy. */
function changedNames(name: string, old: Usable, next: Usable): readonly string[] {
  const [before, after] = [old, next].map(({ configuration }) => configuration.remotes.get(name));
  return isDeepStrictEqual(before, after) ? [] : ['remote'];
}

/** Who authenticated with a secret that would not open any more. */
function hasOtherKey(
  { peer }: Pick<SaSnapshot, 'peer'>,
  { localAuth, remoteAuth, localId }: Connection,
  old: Policy,
  next: Policy,
): boolean {
  if (localAuth !== 'psk' && !remoteAuth.includes('psk')) return false;
  const identity = peer === undefined ? undefined : parseIdentity(peer);
  if (!identity) return false;
  const [before, after] = [old, next].map((policy) =>
    presharedKey(policy, identity, localId ?? identity),
  );
  if (!before || !after) return before !== after;
  return !equal(before.bytes, after.bytes);
}

/** Who goes on with the old one could not come back. */
function hasOtherPpk({ ppk }: Pick<SaSnapshot, 'ppk'>, old: Policy, next: Policy): boolean {
  if (ppk === undefined) return false;
  const [before, after] = [old, next].map(({ ppks }) =>
    ppks.find(({ id }) => formatPpkId(id) === ppk),
  );
  if (!before || !after) return before !== after;
  return !equal(before.secret.bytes, after.secret.bytes);
}

const isAmong = (one: Uint8Array, all: readonly Uint8Array[]): boolean =>
  all.some((other) => equal(one, other));

/** What a running tunnel depends on, by its name in the file; the rest holds from the next handshake on. */
const optionOfField: Readonly<Record<keyof Connection, string | undefined>> = {
  role: 'role',
  remote: 'remote',
  localId: 'local_id',
  remoteId: 'remote_id',
  localAuth: 'local_auth',
  remoteAuth: 'remote_auth',
  eapId: 'eap_id',
  login: 'eap_id',
  ppkId: 'ppk_id',
  ppkRequired: 'ppk_required',
  peapUnbound: 'peap_unbound',
  certificate: 'certificate',
  remoteKeys: 'remote_key',
  ike: 'ike',
  esp: 'esp',
  pool: 'pool',
  virtualIps: 'virtual_ip',
  localTs: 'local_ts',
  remoteTs: 'remote_ts',
  encap: 'encap',
  name: undefined,
  fragmentSize: undefined,
  dpd: undefined,
  inactivity: undefined,
  mobike: undefined,
  ikeLifetime: undefined,
  childLifetime: undefined,
  childPackets: undefined,
  childBytes: undefined,
  reauthLifetime: undefined,
  unique: undefined,
  persistent: undefined,
  redirect: undefined,
  childless: undefined,
  jitter: undefined,
};
