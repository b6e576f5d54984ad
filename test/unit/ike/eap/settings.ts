// What EAP methods are given in tests: one user, anna, with the password of RFC 2759 §9.2.
import { fromText } from '../../../../src/base/bytes.ts';
import { ip } from '../../../../src/base/ip.ts';
import { Secret } from '../../../../src/base/secret.ts';
import { noble } from '../../../../src/crypto/noble/index.ts';
import { ntHash } from '../../../../src/crypto/nt-hash.ts';
import { IdType } from '../../../../src/iana/identities.ts';
import type { Login, PeerSetting, ServerSetting } from '../../../../src/ike/eap/method.ts';
import type { Steps } from '../../../../src/ike/steps.ts';
import { anyIdentity } from '../../../../src/policy/identity.ts';

export const anna = { type: IdType.ID_FQDN, data: fromText('anna') };
export const password = 'clientPass';

export function serverSetting(change: Partial<ServerSetting> = {}): ServerSetting {
  return {
    primitives: noble,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    identity: fromText('anna'),
    certificate: undefined,
    closeTls: () => {},
    source: ip('198.51.100.7'),
    serverName: 'vpn.example.org',
    login: loginOfAnna,
    ...change,
  };
}

export function peerSetting(change: Partial<PeerSetting> = {}): PeerSetting {
  return {
    primitives: noble,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    identity: fromText('anna'),
    certificate: undefined,
    closeTls: () => {},
    password: new Secret(fromText(password)),
    serverId: anyIdentity,
    isServerProven: true,
    ...change,
  };
}

// biome-ignore lint/correctness/useYield: nothing has to be asked
function* loginOfAnna<T>(
  name: Uint8Array,
  check: (ntHash: Uint8Array) => T | undefined,
): Steps<Login<T>> {
  const isKnown = new TextDecoder().decode(name) === 'anna';
  const proof = isKnown ? check(ntHash(fromText(password))) : undefined;
  if (proof === undefined)
    return { ok: false, cause: 'wrong-password', why: 'wrong', advice: 'none' };
  return { ok: true, identity: anna, grant: { connections: undefined }, proof };
}
