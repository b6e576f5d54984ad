// How a ghost renews its keys (RFC 7296 §1.3.2, §1.3.3), and what it makes of a refusal.
import { equal, isZero } from '../../src/base/bytes.ts';
import { since } from '../../src/base/time.ts';
import { Exchange } from '../../src/iana/exchanges.ts';
import { nameOf } from '../../src/iana/name.ts';
import { Notification } from '../../src/iana/notifies.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import { Protocol } from '../../src/iana/protocols.ts';
import { all, find, type Payload, payload } from '../../src/wire/payloads/index.ts';
import type { Sa } from '../../src/wire/payloads/sa.ts';
import {
  adopt,
  drawSpi,
  everything,
  type GhostChild,
  judgeSelectors,
  selectorPayloads,
  spiBytes,
} from './child.ts';
import { Displeased, insist } from './displeased.ts';
import { followUps } from './further-keys.ts';
import type { Ghost, Procedure } from './ghost.ts';
import { GhostSa } from './ike-sa.ts';
import { ikeKeys, nextSkeyseed } from './keys.ts';
import type { Offer } from './model.ts';
import { errorIn, notify } from './nat.ts';
import { forget, goodbye } from './notices.ts';
import { judgeChoice, keyExchange, proposalsOf, suiteOf } from './suite.ts';

const exchange = Exchange.CREATE_CHILD_SA;

/** @param told the group that the gateway wants instead of the one that was sent */
export function* rekeyChild(ghost: Ghost, told?: number): Procedure {
  const { sa, child: old, model, rng } = ghost;
  if (!sa || !old) return;
  const { rekey } = model;
  const spiIn = drawSpi(ghost);
  const group = told ?? groupOf(rekey.esp, sa);
  const offered = proposalsOf(rekey.esp, {
    protocol: Protocol.ESP,
    spi: spiIn,
    group: sa.suite?.ke,
  });
  const asked = rekey.selectors === 'everything' ? whole : old;
  const ni = rng(model.nonceBytes);
  const own = group === undefined ? undefined : keyExchange(group).offer(rng);
  const ke = own && group !== undefined ? { method: group, data: own.value } : undefined;
  const renewed = { protocol: Protocol.ESP, spi: spiBytes(old.spiIn) };
  const payloads = [
    notify(Notification.REKEY_SA, new Uint8Array(0), renewed),
    ...terms(offered, ni, ke),
    ...selectorPayloads(asked.mine, asked.theirs),
  ];
  const response = yield { sa, exchange, payloads };
  const wanted = otherGroup(ghost, response.payloads, told);
  if (wanted !== undefined) {
    yield* rekeyChild(ghost, wanted);
    return;
  }
  if (isRefused(ghost, response.payloads, (secs) => ghost.renewChild(secs))) return;
  const chosen = judgeChoice(offered, find(response.payloads, PayloadType.SA));
  const answered = find(response.payloads, PayloadType.KE);
  const wantsKe = suiteOf(chosen).ke !== undefined;
  insist(
    wantsKe === (answered !== undefined),
    'KE is there though it was not chosen, or is missing',
  );
  insist(!answered || answered.method === group, 'KE is for another group');
  const selectors = judgeSelectors(asked, response.payloads);
  insist(sameSelectors(old, selectors), 'the tunnel carries something else after its rekey');
  const shared = answered && own?.finish(answered.data).bytes;
  const more = yield* followUps(ghost, sa, suiteOf(chosen).addKe, response);
  const nr = nonceIn(response.payloads);
  adopt(ghost, sa, {
    chosen,
    spiIn,
    spiOut: chosen.spi,
    ni,
    nr,
    shared,
    more,
    ...selectors,
    began: true,
  });
  ghost.diary.push(shared ? 'renewed the tunnel with KE' : 'renewed the tunnel');
  yield* deleteChild(ghost, sa, old);
}

function* deleteChild(ghost: Ghost, sa: GhostSa, old: GhostChild): Procedure {
  const payloads = [goodbye(Protocol.ESP, [spiBytes(old.spiIn)])];
  const response = yield { sa, exchange: Exchange.INFORMATIONAL, payloads };
  const named = all(response.payloads, PayloadType.DELETE).flatMap(({ spis }) => spis);
  const isPair = named.some((spi) => equal(spi, spiBytes(old.spiOut)));
  insist(isPair, 'the gateway does not name its half of the deleted tunnel');
  ghost.children.splice(ghost.children.indexOf(old), 1);
}

export function* rekeyIke(ghost: Ghost, told?: number): Procedure {
  const { sa: old, model, rng } = ghost;
  if (!old?.keys || !old.suite?.prf) return;
  const spiI = rng(8);
  const group = told ?? old.suite.ke ?? model.firstKe;
  const offered = ikeOffers(ghost, old, spiI);
  const ni = rng(model.nonceBytes);
  const own = keyExchange(group).offer(rng);
  const payloads = terms(offered, ni, { method: group, data: own.value });
  const response = yield { sa: old, exchange, payloads };
  const wanted = otherGroup(ghost, response.payloads, told);
  if (wanted !== undefined) {
    yield* rekeyIke(ghost, wanted);
    return;
  }
  if (isRefused(ghost, response.payloads, (secs) => ghost.renewIke(secs))) return;
  const chosen = judgeChoice(offered, find(response.payloads, PayloadType.SA));
  const ke = find(response.payloads, PayloadType.KE);
  insist(ke?.method === group, 'the new IKE SA has no KE of our group');
  insist(chosen.spi.length === 8 && !isZero(chosen.spi), 'the new IKE SA has no SPI');
  const nonces = { ni, nr: nonceIn(response.payloads) };
  const next = new GhostSa(rng, { spiI, spiR: chosen.spi, isInitiator: true });
  next.suite = suiteOf(chosen);
  const more = yield* followUps(ghost, old, next.suite.addKe, response);
  const seed = nextSkeyseed(old.suite.prf, old.keys.d, nonces, own.finish(ke.data).bytes, more);
  next.chosenNumber = chosen.number;
  next.keys = ikeKeys(next.suite, seed, { ...nonces, spiI, spiR: chosen.spi, isInitiator: true });
  next.peerTakesFragments = old.peerTakesFragments;
  ghost.sas.push(next);
  ghost.renewIke();
  ghost.diary.push('renewed the IKE SA');
  yield { sa: old, exchange: Exchange.INFORMATIONAL, payloads: [goodbye(Protocol.IKE)] };
  forget(ghost, old);
}

/** All that it offered at first, or what was chosen then, under the number that it had (macOS). */
function ikeOffers({ model }: Ghost, sa: GhostSa, spi: Uint8Array): Sa {
  const fields = { protocol: Protocol.IKE, spi };
  if (model.rekey.ikeList === 'all') return proposalsOf(model.ike, fields);
  const chosen = model.ike[sa.chosenNumber - 1];
  insist(chosen, 'a proposal was chosen that was not offered');
  return proposalsOf([chosen], { ...fields, numbers: [sa.chosenNumber] });
}

/** The group of the KE payload: of the first proposal that has one. */
function groupOf(offers: readonly Offer[], sa: GhostSa): number | undefined {
  const { ke } = offers.find((offer) => offer.ke !== undefined) ?? {};
  return ke === 'same' ? sa.suite?.ke : ke?.[0];
}

function terms(
  offered: Sa,
  ni: Uint8Array,
  ke: { readonly method: number; readonly data: Uint8Array } | undefined,
): Payload[] {
  return [
    payload(PayloadType.SA, offered),
    payload(PayloadType.NONCE, { data: ni }),
    ...(ke ? [payload(PayloadType.KE, ke)] : []),
  ];
}

/** The group of INVALID_KE_PAYLOAD, where the client heeds it and was not told before. */
function otherGroup(
  { model }: Ghost,
  payloads: readonly Payload[],
  told: number | undefined,
): number | undefined {
  const error = errorIn(payloads);
  const isNews = error?.type === Notification.INVALID_KE_PAYLOAD && told === undefined;
  if (!isNews || !model.rekey.heedsInvalidKe) return undefined;
  return ((error.data[0] ?? 0) << 8) | (error.data[1] ?? 0);
}

/** A passing refusal is asked again later; any other ends the connection. */
function isRefused(
  ghost: Ghost,
  payloads: readonly Payload[],
  again: (secs: number) => void,
): boolean {
  const error = errorIn(payloads);
  if (!error) {
    ghost.refusedSince = undefined;
    return false;
  }
  if (error.type !== Notification.TEMPORARY_FAILURE) {
    throw new Displeased(`no new keys: ${nameOf(Notification, error.type)}`);
  }
  ghost.refusedSince ??= ghost.now;
  const { patience = Number.POSITIVE_INFINITY } = ghost.model.rekey;
  const secs = since(ghost.refusedSince, ghost.now) / 1000;
  insist(secs < patience, `nothing but TEMPORARY_FAILURE for ${Math.round(secs)} seconds`);
  again(retrySeconds);
  return true;
}

function nonceIn(payloads: readonly Payload[]): Uint8Array {
  const nonce = find(payloads, PayloadType.NONCE);
  insist(nonce, 'the response has no nonce');
  return nonce.data;
}

const sameSelectors = (
  a: Pick<GhostChild, 'mine' | 'theirs'>,
  b: Pick<GhostChild, 'mine' | 'theirs'>,
): boolean => JSON.stringify([a.mine, a.theirs]) === JSON.stringify([b.mine, b.theirs]);

const whole = { mine: everything, theirs: everything };
const retrySeconds = 15;
