// The payloads of a ghost's first two requests, one by one, in the order that its model gives.
import { concat, fromText } from '../../src/base/bytes.ts';
import { ipBytes, parseIp } from '../../src/base/ip.ts';
import { CertEncoding } from '../../src/iana/authentication.ts';
import { CfgType } from '../../src/iana/configuration.ts';
import { IdType } from '../../src/iana/identities.ts';
import { Notification } from '../../src/iana/notifies.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import type { Auth } from '../../src/wire/payloads/auth.ts';
import { type Id, ownId } from '../../src/wire/payloads/id.ts';
import { type Payload, payload } from '../../src/wire/payloads/index.ts';
import type { Sa } from '../../src/wire/payloads/sa.ts';
import { everything } from './child.ts';
import type { Ghost } from './ghost.ts';
import type { GhostSa } from './ike-sa.ts';
import type { Part } from './model.ts';
import { destinationHash, notify, sourceHash } from './nat.ts';

/** What is known when the message is made. */
export interface Contents {
  readonly offered: Sa;
  readonly ke?: { readonly method: number; readonly data: Uint8Array };
  readonly ni?: Uint8Array;
  readonly idI?: Id;
  readonly idR?: Id;
  readonly auth?: Auth;
}

export const compose = (
  ghost: Ghost,
  sa: GhostSa,
  parts: readonly Part[],
  contents: Contents,
): Payload[] => parts.flatMap((part) => payloadsOf(part, ghost, sa, contents));

function payloadsOf(part: Part, ghost: Ghost, sa: GhostSa, contents: Contents): Payload[] {
  const { model, login } = ghost;
  const { offered, ke, ni, idI, idR, auth } = contents;
  switch (part) {
    case 'SA':
      return [payload(PayloadType.SA, offered)];
    case 'KE':
      return ke ? [payload(PayloadType.KE, ke)] : [];
    case 'Nonce':
      return ni ? [payload(PayloadType.NONCE, { data: ni })] : [];
    case 'VendorIDs':
      return model.vendorIds.map((data) => payload(PayloadType.VENDOR, { data }));
    case 'IDi':
      return idI ? [payload(PayloadType.IDI, idI)] : [];
    case 'IDr':
      return idR ? [payload(PayloadType.IDR, idR)] : [];
    case 'CERT':
      return login.proof.chain.map((data) => payload(PayloadType.CERT, { encoding: x509, data }));
    case 'CERTREQ':
      return authorities(ghost);
    case 'AUTH':
      return auth ? [payload(PayloadType.AUTH, auth)] : []; // none: by EAP (RFC 7296 §2.16)
    case 'CP': {
      const attributes = model.config.map((type) => ({ type, value: new Uint8Array(0) }));
      return [payload(PayloadType.CP, { cfgType: CfgType.CFG_REQUEST, attributes })];
    }
    case 'TSi':
      return [payload(PayloadType.TSI, everything)];
    case 'TSr':
      return [payload(PayloadType.TSR, everything)];
    case 'NAT_DETECTION_SOURCE_IP':
      return sourceHash(ghost, sa);
    case 'NAT_DETECTION_DESTINATION_IP':
      return destinationHash(ghost, sa);
    case 'SIGNATURE_HASH_ALGORITHMS':
      return [notify(Notification[part], Uint8Array.from(model.hashes.flatMap((one) => [0, one])))];
    default:
      return [notify(Notification[part])];
  }
}

/** Its own authority, and those that its system trusts besides: nobody here knows them. */
function authorities({ model, login, rng }: Ghost): Payload[] {
  const own = login.belief.authority;
  if (!own || model.authorities === 0) return [];
  const others = Array.from({ length: model.authorities - 1 }, () => rng(own.length));
  return [payload(PayloadType.CERTREQ, { encoding: x509, data: concat(...others, own) })];
}

/** The server as it was dialled: a name, or an address. */
export function serverId(server: string): Id {
  const address = parseIp(server);
  if (!address) return ownId(IdType.ID_FQDN, fromText(server));
  const data = ipBytes(address);
  return ownId(data.length === 4 ? IdType.ID_IPV4_ADDR : IdType.ID_IPV6_ADDR, data);
}

const x509 = CertEncoding.X509_SIGNATURE;
