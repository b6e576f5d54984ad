// Pre-shared keys: those of the sections `psk`, and those that stand in a connection.
import { equal } from '../base/bytes.ts';
import type { Secret } from '../base/secret.ts';
import type { IdentityPattern } from '../policy/identity.ts';
import type { PresharedKey } from '../policy/policy.ts';
import type { LoadedConnection } from './connections.ts';
import type { Findings, Place } from './findings.ts';
import type { Section, Sections } from './read.ts';

interface PlacedKey extends PresharedKey {
  readonly place: Place;
}

/** In the order of the file, those in connections first; which one serves a peer is for the core to choose. */
export function loadPresharedKeys(
  sections: readonly Section<'psk'>[],
  connections: readonly LoadedConnection[],
  findings: Findings,
): readonly PresharedKey[] {
  const keys = [
    ...connections.flatMap(keyOfConnection),
    ...sections.map(({ section, options }): PlacedKey => {
      return {
        place: { section, option: 'secret' },
        ids: options.id,
        secret: options.secret,
      };
    }),
  ];
  for (const key of keys) checkStrength(key, findings);
  checkAmbiguity(keys, findings);
  return keys.map(({ ids, secret }) => ({ ids, secret }));
}

/** Forgets the secrets of sections that are not going to be used. */
export function wipeSecrets({
  connection,
  psk,
  ppk,
  user,
  device,
}: Pick<Sections, 'connection' | 'psk' | 'ppk' | 'user' | 'device'>): void {
  for (const { options } of connection) options.psk?.wipe();
  for (const { options } of [...user, ...device]) {
    options.password?.wipe();
    options.nthash?.wipe();
  }
  for (const { options } of [...psk, ...ppk]) options.secret?.wipe();
}

function keyOfConnection({ entry, connection }: LoadedConnection): readonly PlacedKey[] {
  const { psk, local_id } = entry.options;
  if (!psk) return [];
  const own: IdentityPattern[] = local_id ? [{ kind: 'exact', identity: local_id }] : [];
  const place = { section: entry.section, option: 'psk' };
  return [{ place, ids: [connection.remoteId, ...own], secret: psk }];
}

/** Who records a handshake can try secrets at home, as fast as his machines allow (RFC 7296 §5). */
function checkStrength({ place, secret }: PlacedKey, findings: Findings): void {
  if (secret.length >= LEAST_BYTES) return;
  findings.warning(
    place,
    `the secret has ${secret.length} characters: a machine can guess it`,
    `Use at least ${LEAST_BYTES} random characters.`,
  );
}

/** Of two different keys for the same ids only the first would ever be used. */
function checkAmbiguity(keys: readonly PlacedKey[], findings: Findings): void {
  const first = new Map<string, PlacedKey>();
  for (const key of keys) {
    const ids = JSON.stringify(key.ids.flatMap(textOf).toSorted());
    const before = first.get(ids);
    if (before && !sameSecret(before.secret, key.secret)) {
      findings.warning(
        key.place,
        `another secret is for the same peers, that of ${before.place.section.label}, and is used instead`,
        'Say in each whom it is for: list id in a section psk, option remote_id in a connection.',
      );
    }
    if (!before) first.set(ids, key);
  }
}

const sameSecret = (a: Secret, b: Secret): boolean => equal(a.bytes, b.bytes);

/** No id and «any» are the same: everybody. */
function textOf(id: IdentityPattern): readonly string[] {
  if (id.kind === 'any') return [];
  if (id.kind !== 'exact') return [JSON.stringify(id)];
  const { type, data } = id.identity;
  return [`${type} ${data.join()}`];
}

const LEAST_BYTES = 16;
