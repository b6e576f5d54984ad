// What a ghost answers to requests of the gateway: rekeys, deletes, probes (RFC 7296 §1.3, §1.4, §2.25).
import { Exchange } from '../../src/iana/exchanges.ts';
import { Notification } from '../../src/iana/notifies.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import { Protocol } from '../../src/iana/protocols.ts';
import { all, find, type Payload, payload } from '../../src/wire/payloads/index.ts';
import { adopt, drawSpi, isWithin, number, selectorPayloads, spiBytes } from './child.ts';
import { insist } from './displeased.ts';
import type { Ghost } from './ghost.ts';
import { GhostSa, type Opened } from './ike-sa.ts';
import { ikeKeys, nextSkeyseed } from './keys.ts';
import { notified, notify } from './nat.ts';
import { forget, goodbye } from './notices.ts';
import { choose, keyExchange, suiteOf } from './suite.ts';

export interface Reply {
  readonly payloads: readonly Payload[];
  /** What to do once the response has left. */
  readonly then?: () => void;
}

export function answer(ghost: Ghost, sa: GhostSa, { header, payloads }: Opened): Reply {
  if (header.exchange === Exchange.INFORMATIONAL) return answerNotice(ghost, sa, payloads);
  insist(header.exchange === Exchange.CREATE_CHILD_SA, `exchange ${header.exchange} out of place`);
  const offered = find(payloads, PayloadType.SA);
  if (!offered) return refusal(Notification.INVALID_SYNTAX);
  // Its own exchange goes first; the gateway may ask again (RFC 7296 §2.25).
  if (ghost.isChanging) return refusal(Notification.TEMPORARY_FAILURE);
  if (offered.proposals.some(({ protocol }) => protocol === Protocol.IKE)) {
    return answerIke(ghost, sa, payloads);
  }
  const rekeyed = all(payloads, PayloadType.NOTIFY).find(isRekey);
  if (rekeyed) return answerChild(ghost, sa, payloads, number(rekeyed.spi));
  ghost.diary.push('refused another tunnel');
  return refusal(Notification.NO_ADDITIONAL_SAS);
}

function answerNotice(ghost: Ghost, sa: GhostSa, payloads: readonly Payload[]): Reply {
  const deletes = all(payloads, PayloadType.DELETE);
  if (deletes.some(({ protocol }) => protocol === Protocol.IKE)) {
    const isLast = sa === ghost.sa;
    const then = () => {
      forget(ghost, sa);
      if (!isLast) return;
      ghost.diary.push('the gateway disconnected');
      ghost.end();
    };
    return { payloads: [], then };
  }
  const spis = deletes.flatMap((one) => one.spis).flatMap((spi) => drop(ghost, number(spi)));
  const cookies = notified(payloads, Notification.COOKIE2);
  insist(
    cookies.every(({ length }) => length >= 8 && length <= 64),
    'a COOKIE2 that is none',
  );
  return {
    payloads: [
      ...(spis.length > 0 ? [goodbye(Protocol.ESP, spis)] : []),
      ...cookies.map((data) => notify(Notification.COOKIE2, data)),
    ],
  };
}

/** Deletes the CHILD_SA on which the gateway received on `spi`; its heir is used from here on. */
function drop(ghost: Ghost, spi: number): Uint8Array[] {
  const at = ghost.children.findIndex(({ spiOut }) => spiOut === spi);
  const [gone] = at < 0 ? [] : ghost.children.splice(at, 1);
  return gone ? [spiBytes(gone.spiIn)] : [];
}

function answerChild(ghost: Ghost, sa: GhostSa, payloads: readonly Payload[], spi: number): Reply {
  const { model, rng } = ghost;
  if (model.rekey.answersChild === 'not behind a NAT' && ghost.encap === 'udp') {
    ghost.diary.push('refused new keys for the tunnel');
    return refusal(windowsRefusal);
  }
  const old = ghost.children.find(({ spiOut }) => spiOut === spi);
  if (!old) return refusal(Notification.CHILD_SA_NOT_FOUND);
  const ke = find(payloads, PayloadType.KE);
  const ni = find(payloads, PayloadType.NONCE)?.data;
  const theirs = find(payloads, PayloadType.TSI);
  const mine = find(payloads, PayloadType.TSR);
  const offered = find(payloads, PayloadType.SA);
  if (!ni || !theirs || !mine || !offered) return refusal(Notification.INVALID_SYNTAX);
  const keSent = ke?.method;
  const chosen = choose(model.rekey.esp, offered, { group: sa.suite?.ke, keSent });
  if (!chosen) return refusal(Notification.NO_PROPOSAL_CHOSEN);
  if (!isWithin(old.theirs, theirs) || !isWithin(old.mine, mine)) {
    return refusal(Notification.TS_UNACCEPTABLE);
  }
  const { ke: group } = suiteOf(chosen);
  if (group !== undefined && group !== keSent) return wrongGroup(group);
  const own = ke && group !== undefined ? keyExchange(group).answer(rng, ke.data) : undefined;
  const nr = rng(model.nonceBytes);
  const spiIn = drawSpi(ghost);
  const shared = own?.shared.bytes;
  const fields = { chosen, spiIn, spiOut: chosen.spi, ni, nr, shared, mine, theirs, began: false };
  adopt(ghost, sa, fields);
  ghost.diary.push('the gateway renewed the tunnel');
  return {
    payloads: [
      payload(PayloadType.SA, { proposals: [{ ...chosen, spi: spiIn }] }),
      payload(PayloadType.NONCE, { data: nr }),
      ...(own && group !== undefined
        ? [payload(PayloadType.KE, { method: group, data: own.value })]
        : []),
      ...selectorPayloads(theirs, mine),
    ],
  };
}

function answerIke(ghost: Ghost, old: GhostSa, payloads: readonly Payload[]): Reply {
  const { model, rng } = ghost;
  const ke = find(payloads, PayloadType.KE);
  const ni = find(payloads, PayloadType.NONCE)?.data;
  const offered = find(payloads, PayloadType.SA);
  if (!ke || !ni || !offered || !old.keys || !old.suite?.prf) {
    return refusal(Notification.INVALID_SYNTAX);
  }
  const chosen = choose(model.ike, offered, { group: old.suite.ke, keSent: ke.method });
  if (!chosen) return refusal(Notification.NO_PROPOSAL_CHOSEN);
  const suite = suiteOf(chosen);
  if (suite.ke === undefined || suite.ke !== ke.method) return wrongGroup(suite.ke ?? 0);
  const { value, shared } = keyExchange(suite.ke).answer(rng, ke.data);
  const nonces = { ni, nr: rng(model.nonceBytes) };
  const spis = { spiI: chosen.spi, spiR: rng(8) };
  const next = new GhostSa(rng, { ...spis, isInitiator: false });
  const seed = nextSkeyseed(old.suite.prf, old.keys.d, nonces, shared.bytes);
  next.suite = suite;
  next.keys = ikeKeys(suite, seed, { ...nonces, ...spis, isInitiator: false });
  next.peerTakesFragments = old.peerTakesFragments;
  ghost.diary.push('the gateway renewed the IKE SA');
  const then = () => {
    ghost.sas.push(next);
    ghost.renewIke();
  };
  return {
    payloads: [
      payload(PayloadType.SA, { proposals: [{ ...chosen, spi: spis.spiR }] }),
      payload(PayloadType.NONCE, { data: nonces.nr }),
      payload(PayloadType.KE, { method: suite.ke, data: value }),
    ],
    then,
  };
}

const isRekey = ({ type, protocol }: { type: number; protocol: number }): boolean =>
  type === Notification.REKEY_SA && protocol === Protocol.ESP;

const refusal = (type: number): Reply => ({ payloads: [notify(type)] });
const wrongGroup = (group: number): Reply => ({
  payloads: [notify(Notification.INVALID_KE_PAYLOAD, Uint8Array.of(group >> 8, group & 0xff))],
});

/** A private error that Windows behind a NAT answers rekeys of the gateway with. */
const windowsRefusal = 12345;
