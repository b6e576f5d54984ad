// REDIRECT as client: a gateway sends us to another one (RFC 5685). Followed only where the connection allows it, and
// a few times only; whoever it leads to must still prove to be the peer of the connection.
import { concat, equal, toText } from '../../base/bytes.ts';
import { type Ip, ipBytes, ipFromBytes, isIpv4, isUnicast } from '../../base/ip.ts';
import { type Instant, minutes, since } from '../../base/time.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Host } from '../host.ts';
import type { Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Extension } from './extension.ts';

export const redirect: Extension = {
  name: 'redirect',
  rfc: 'RFC 5685',
  contribute(sa, draft) {
    const isFirst = draft.exchange === Exchange.IKE_SA_INIT && draft.isRequest;
    if (!isFirst || !draft.has(PayloadType.SA) || !sa.connection?.redirect) return;
    const { redirectedFrom } = sa;
    if (redirectedFrom === undefined) draft.notify(Notification.REDIRECT_SUPPORTED);
    else draft.notify(Notification.REDIRECTED_FROM, identityOf(redirectedFrom));
  },
  observe(sa, received) {
    const stands = sa.phase === 'established' && sa.dialled && !sa.renewal;
    if (!stands || received.exchange !== Exchange.INFORMATIONAL || !received.isRequest) return;
    const gateway = redirectIn(sa, received);
    if (gateway !== undefined) go(sa, gateway, true);
  },
};

/**
 * Where a message sends us, as an address or a host name.
 * @param ni our nonce, which an IKE_SA_INIT response must repeat (§3)
 * @returns undefined where it sends us nowhere, or may not
 */
export function redirectIn(
  sa: IkeSa,
  received: Received,
  ni: Uint8Array = none,
): string | undefined {
  const data = received.notify(Notification.REDIRECT)?.data;
  if (!data || !sa.connection?.redirect) return undefined;
  const length = data[1] ?? 0;
  const gateway = gatewayOf(data[0] ?? 0, data.subarray(2, 2 + length));
  const isSound = data.length === 2 + length + ni.length && equal(data.subarray(2 + length), ni);
  if (isSound && gateway !== undefined && mayFollow(sa.host, sa.connection.name)) return gateway;
  const why = 'the peer sends us to another gateway: not followed';
  sa.host.report({ kind: 'note', sa: sa.id, why });
  return undefined;
}

/** Has the other gateway dialled. @param isReplaced the SA serves until the next one stands, and ends then */
export function go(sa: IkeSa, to: string, isReplaced: boolean): void {
  const { host, connection } = sa;
  if (!connection) return;
  host.redirects.push({ connection: connection.name, at: host.now });
  host.report({ kind: 'note', sa: sa.id, why: `the peer sends us to ${to}` });
  const instead = isReplaced ? sa.id : sa.former?.id;
  const from = sa.path.remote.ip;
  host.emit({ kind: 'redirect', connection: connection.name, to, from, instead });
}

/** One redirect that was followed. */
export interface Redirected {
  readonly connection: string;
  readonly at: Instant;
}

/** Two gateways that send us to each other shall not do so for ever (§4). */
function mayFollow(host: Host, connection: string): boolean {
  const recent = host.redirects.filter(({ at }) => since(at, host.now) < period);
  host.redirects.splice(0, host.redirects.length, ...recent);
  return recent.filter((one) => one.connection === connection).length < mostRedirects;
}

/** The gateway's identity by its type: an IPv4 or IPv6 address, or a host name (§3). */
function gatewayOf(type: number, identity: Uint8Array): string | undefined {
  const isAddress = (type === 1 && identity.length === 4) || (type === 2 && identity.length === 16);
  if (isAddress) {
    const address = ipFromBytes(identity);
    return isUnicast(address) ? address : undefined;
  }
  const name = type === 3 ? toText(identity) : '';
  return hostName.test(name) ? name : undefined;
}

function identityOf(address: Ip): Uint8Array {
  const bytes = ipBytes(address);
  return concat(Uint8Array.of(isIpv4(address) ? 1 : 2, bytes.length), bytes);
}

const none = new Uint8Array(0);
const hostName =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
/** MAX_REDIRECTS within REDIRECT_LOOP_DETECT_PERIOD. */
const mostRedirects = 5;
const period = minutes(5);
