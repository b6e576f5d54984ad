// Who was dialled tells where else it can be reached; who dialled tries those places when the path in use is dead,
// and moves to the one that answers (RFC 4555 §3.4–3.6). Who dialled may tell as well, and does not: it alone decides
// where the SA goes, and the peer need not know its networks.
import { type Ip, ipBytes, ipFromBytes, isIpv4, sameFamily } from '../../base/ip.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Path } from '../core.ts';
import { Draft, type Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import {
  endTrials,
  learnAddresses,
  mostAddresses,
  noteTrial,
  pathsOf,
  peerAddresses,
} from '../sa/paths.ts';
import { samePath, sendFrom } from '../sa/roam.ts';
import type { Slot } from '../sa/slots.ts';
import { request, type Steps } from '../steps.ts';
import type { Extension } from './extension.ts';
import { carriesTerms, isMobile, updateAddresses } from './mobike.ts';

export const additionalAddresses: Extension = {
  name: 'additional-addresses',
  rfc: 'RFC 4555 §3.4',
  contribute(sa, draft) {
    if (!draft.isRequest && carriesTerms(sa, draft) && isMobile(sa)) addAddresses(sa, draft);
  },
  observe(sa, received) {
    if (!isMobile(sa)) return;
    const slot = sa.slot(state);
    if (slot.standIn?.other === received.path.local.ip) slot.standIn = undefined; // the peer reaches us there
    if (received.exchange === Exchange.IKE_AUTH) {
      if (received.find(PayloadType.SA)) learn(sa, received);
    } else if (!received.isRequest) adoptTrial(sa, received.path);
    else if (received.exchange === Exchange.INFORMATIONAL && tells(received)) heed(sa, received);
  },
};

/**
 * The host's addresses are others than before: what stood on one that went goes on, and peers are told.
 * @returns whether what waits for an answer was sent into the void, and is to be sent again
 */
export function addressesChanged(sa: IkeSa, gone: readonly Ip[]): boolean {
  if (!isMobile(sa) || sa.phase !== 'established' || sa.dialled) return false;
  const isBack = comeBack(sa);
  if (!isBack && gone.includes(sa.path.local.ip)) standIn(sa);
  if (isNews(sa)) sa.queue.push(tellAddresses);
  return isBack;
}

/** Only the peer may move the SA; but nothing could leave from here, not even what tells it to. */
function standIn(sa: IkeSa): void {
  const slot = sa.slot(state);
  const { local } = sa.path;
  const other = sa.host.addresses.find((ip) => sameFamily(ip, local.ip));
  if (other === undefined) return;
  const before = slot.standIn?.other === local.ip ? slot.standIn : undefined;
  slot.standIn = { usual: before?.usual ?? local.ip, other };
  sendFrom(sa, other);
}

/** The address that the peer dialled is there again, and the peer was not heard at the other: it may know of none. */
function comeBack(sa: IkeSa): boolean {
  const slot = sa.slot(state);
  if (!slot.standIn || !sa.host.addresses.includes(slot.standIn.usual)) return false;
  const { usual, other } = slot.standIn;
  slot.standIn = undefined;
  if (sa.path.local.ip !== other) return false;
  sendFrom(sa, usual);
  sa.window.forgetLosses();
  return true;
}

/** Where a request goes that was not answered so often: where it went, and soon wherever it may (RFC 4555 §3.5). */
export function pathsToTry(sa: IkeSa, attempts: number): readonly Path[] {
  const mayMove = sa.dialled && isMobile(sa) && sa.establishedAt !== undefined;
  if (!mayMove || attempts < patience) return [sa.path];
  const paths = pathsOf(sa);
  for (const path of paths) noteTrial(sa, path);
  return paths;
}

/** The set changed while nothing else was to be said (RFC 4555 §3.6). */
function* tellAddresses(sa: IkeSa): Steps<void> {
  if (!isNews(sa)) return;
  const draft = new Draft(Exchange.INFORMATIONAL, 'request');
  addAddresses(sa, draft);
  yield* request(draft);
}

/** The path in use is dead, but this one is not: everything moves there. */
function adoptTrial(sa: IkeSa, path: Path): void {
  const found = endTrials(sa, path);
  if (!found || samePath(found, sa.path)) return;
  sa.path = found;
  sa.queue.push(updateAddresses);
}

/** The list replaces the one before; the address that the message came from belongs to it (RFC 4555 §3.6). */
function heed(sa: IkeSa, received: Received): void {
  learn(sa, received);
  const { local, remote } = sa.path;
  if (!sa.dialled || peerAddresses(sa).includes(remote.ip)) return;
  const [next] = peerAddresses(sa).filter((ip) => sameFamily(ip, local.ip));
  if (next === undefined) return;
  learnAddresses(sa, [...peerAddresses(sa), remote.ip]); // it may have been too hasty
  sa.path = { local, remote: { ...remote, ip: next } };
  sa.queue.push(updateAddresses);
}

function learn(sa: IkeSa, received: Received): void {
  const told = [
    ...addressesIn(received, Notification.ADDITIONAL_IP4_ADDRESS, 4),
    ...addressesIn(received, Notification.ADDITIONAL_IP6_ADDRESS, 16),
  ];
  learnAddresses(sa, [received.path.remote.ip, ...told]);
}

function addressesIn(received: Received, type: number, bytes: number): Ip[] {
  const notifies = received.notifies(type).slice(0, mostAddresses);
  return notifies.flatMap(({ data }) => (data.length === bytes ? [ipFromBytes(data)] : []));
}

const tells = (received: Received): boolean =>
  telling.some((type) => received.notify(type) !== undefined);
const telling = [
  Notification.ADDITIONAL_IP4_ADDRESS,
  Notification.ADDITIONAL_IP6_ADDRESS,
  Notification.NO_ADDITIONAL_ADDRESSES,
];

function addAddresses(sa: IkeSa, draft: Draft): void {
  const slot = sa.slot(state);
  const others = otherAddresses(sa);
  for (const ip of others) {
    const { ADDITIONAL_IP4_ADDRESS, ADDITIONAL_IP6_ADDRESS } = Notification;
    draft.notify(isIpv4(ip) ? ADDITIONAL_IP4_ADDRESS : ADDITIONAL_IP6_ADDRESS, ipBytes(ip));
  }
  const hadSome = slot.told.length > 0;
  if (others.length === 0 && hadSome) draft.notify(Notification.NO_ADDITIONAL_ADDRESSES);
  slot.told = others;
}

/** Whether the peer knows another set of our addresses than there is. */
const isNews = (sa: IkeSa): boolean => otherAddresses(sa).join() !== sa.slot(state).told.join();

const otherAddresses = (sa: IkeSa): readonly Ip[] =>
  sa.host.addresses.filter((ip) => ip !== sa.path.local.ip).slice(0, mostAddresses);

/** So many transmissions are lost before the path is doubted. */
const patience = 2;

interface State {
  told: readonly Ip[];
  /** The address of ours that went, and the one that we send from instead. */
  standIn: { readonly usual: Ip; readonly other: Ip } | undefined;
}
const state: Slot<State> = {
  name: 'additional-addresses',
  init: () => ({ told: [], standIn: undefined }),
  inherit: (old) => ({ ...old }),
};
