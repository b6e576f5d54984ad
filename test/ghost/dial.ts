// How a ghost connects: IKE_SA_INIT with its second rounds, IKE_AUTH, and its judgement of both (RFC 7296 §1.2).
import { concat, equal, isZero } from '../../src/base/bytes.ts';
import { type Ip, ipFromBytes } from '../../src/base/ip.ts';
import type { Offer as KeyOffer } from '../../src/crypto/primitives.ts';
import { CfgAttribute, CfgType } from '../../src/iana/configuration.ts';
import { Exchange } from '../../src/iana/exchanges.ts';
import { nameOf } from '../../src/iana/name.ts';
import { Notification } from '../../src/iana/notifies.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import { Protocol } from '../../src/iana/protocols.ts';
import { ownId } from '../../src/wire/payloads/id.ts';
import { all, find, type Payload, payload } from '../../src/wire/payloads/index.ts';
import { adopt, drawSpi, everything, judgeSelectors } from './child.ts';
import { Displeased, insist } from './displeased.ts';
import { exchangeMore } from './further-keys.ts';
import type { Asked, Ghost, Names, Procedure } from './ghost.ts';
import { GhostSa, type Opened } from './ike-sa.ts';
import { ikeKeys, type Nonces, skeyseed } from './keys.ts';
import { sharedKeyAuth } from './login.ts';
import { detectNat, errorIn, notified, notify } from './nat.ts';
import { compose, serverId } from './parts.ts';
import { judgeChoice, keyExchange, proposalsOf, suiteOf } from './suite.ts';

/** The two IKE_SA_INIT messages as they travelled, for AUTH. */
interface Opening extends Nonces {
  readonly request: Uint8Array;
  readonly response: Uint8Array;
  readonly peerHashes: readonly number[];
}
interface Proven extends Opening {
  /** What further key exchanges add to AUTH. */
  readonly intAuth: Uint8Array;
}

export function* dial(ghost: Ghost): Procedure {
  const { rng } = ghost;
  const spiR = new Uint8Array(8);
  const sa = new GhostSa(rng, { spiI: rng(8), spiR, isInitiator: true });
  ghost.sas.push(sa);
  const opening = yield* openUp(ghost, sa);
  const intAuth = yield* exchangeMore(ghost, sa, opening);
  yield* logIn(ghost, sa, { ...opening, intAuth });
  ghost.settle();
}

function* openUp(ghost: Ghost, sa: GhostSa): Generator<Asked, Opening, Opened> {
  const { model, rng } = ghost;
  const offered = proposalsOf(model.ike, { protocol: Protocol.IKE, spi: new Uint8Array(0) });
  const methods = model.ike.flatMap(({ ke = [] }) => (ke === 'same' ? [] : ke));
  const ni = rng(model.nonceBytes);
  let method = model.firstKe;
  let cookie: Uint8Array | undefined;
  for (let round = 0; round < mostRounds; round++) {
    const own = keyExchange(method).offer(rng);
    const contents = { offered, ke: { method, data: own.value }, ni };
    const payloads = compose(ghost, sa, model.initParts, contents);
    if (cookie) payloads.unshift(notify(Notification.COOKIE, cookie));
    const [request] = sa.datagrams(first, payloads, 0);
    const response = yield { sa, exchange: Exchange.IKE_SA_INIT, payloads };
    const error = errorIn(response.payloads);
    const [demanded] = notified(response.payloads, Notification.COOKIE);
    if (demanded) {
      insist(demanded.length >= 1 && demanded.length <= 64, 'a COOKIE that is none');
      cookie = demanded;
    } else if (error?.type === Notification.INVALID_KE_PAYLOAD) {
      method = ((error.data[0] ?? 0) << 8) | (error.data[1] ?? 0);
      insist(methods.includes(method), `the gateway wants group ${method}, which was not offered`);
      ghost.diary.push(`sent KE again for group ${method}`);
    } else if (error) {
      throw new Displeased(`IKE_SA_INIT was refused: ${nameOf(Notification, error.type)}`);
    } else {
      const sent = { request: request ?? new Uint8Array(0), offered, ni, method, own };
      return takeKeys(ghost, sa, sent, response);
    }
  }
  throw new Displeased(`IKE_SA_INIT was asked for more than ${mostRounds} times`);
}

function takeKeys(
  ghost: Ghost,
  sa: GhostSa,
  sent: {
    request: Uint8Array;
    offered: ReturnType<typeof proposalsOf>;
    ni: Uint8Array;
    method: number;
    own: KeyOffer;
  },
  { header, payloads, bytes }: Opened,
): Opening {
  const chosen = judgeChoice(sent.offered, find(payloads, PayloadType.SA));
  const suite = suiteOf(chosen);
  const ke = find(payloads, PayloadType.KE);
  const nr = find(payloads, PayloadType.NONCE)?.data;
  insist(ke && nr && !isZero(header.spiR), 'IKE_SA_INIT has no KE, no nonce or no SPI');
  insist(ke.method === sent.method && suite.ke === sent.method, 'KE is for another group');
  insist(suite.prf, 'no PRF was chosen');
  sa.spiR = header.spiR;
  sa.suite = suite;
  sa.chosenNumber = chosen.number;
  const shared = sent.own.finish(ke.data).bytes;
  const nonces = { ni: sent.ni, nr };
  const context = { ...nonces, spiI: sa.spiI, spiR: sa.spiR, isInitiator: true };
  detectNat(ghost, sa, payloads);
  sa.keys = ikeKeys(suite, skeyseed(suite.prf, nonces, shared), context);
  sa.nextId = 1;
  sa.peerTakesFragments =
    notified(payloads, Notification.IKEV2_FRAGMENTATION_SUPPORTED).length > 0 &&
    ghost.model.initParts.includes('IKEV2_FRAGMENTATION_SUPPORTED');
  if (ghost.detectsNat) ghost.float();
  const [hashes = new Uint8Array(0)] = notified(payloads, Notification.SIGNATURE_HASH_ALGORITHMS);
  const peerHashes = [...hashes].filter((_, i) => i % 2 === 1);
  return { request: sent.request, response: bytes, ...nonces, peerHashes };
}

function* logIn(ghost: Ghost, sa: GhostSa, opening: Proven): Generator<Asked, void, Opened> {
  const { model, login, owner } = ghost;
  const { prf } = sa.suite ?? {};
  insist(prf && sa.keys, 'IKE_AUTH before there are keys');
  const spiIn = drawSpi(ghost);
  const offered = proposalsOf(model.esp, { protocol: Protocol.ESP, spi: spiIn });
  const identity = model.identify(owner);
  const idI = ownId(identity.type, identity.data);
  const macedId = prf.compute(sa.keys.mine.p, idI.raw);
  const octets = concat(opening.request, opening.nr, macedId, opening.intAuth);
  const auth = login.proof.prove(octets, { prf, peerHashes: opening.peerHashes });
  const contents = { offered, idI, idR: serverId(owner.server), ...(auth ? { auth } : {}) };
  const payloads = compose(ghost, sa, model.authParts, contents);
  let response = yield { sa, exchange: Exchange.IKE_AUTH, payloads };
  const theirOctets = believe(ghost, sa, opening, response);
  if (!auth) response = yield* converse(ghost, sa, { octets, theirOctets }, response);
  const error = errorIn(response.payloads);
  if (error) throw new Displeased(`there is no tunnel: ${nameOf(Notification, error.type)}`);
  const chosen = judgeChoice(offered, find(response.payloads, PayloadType.SA));
  ghost.addresses = assigned(response.payloads);
  ghost.names = told(response.payloads);
  insist(ghost.addresses.length > 0, 'the gateway assigned no address');
  const asked = { mine: everything, theirs: everything };
  const selectors = judgeSelectors(asked, response.payloads);
  const { ni, nr } = opening;
  const keys = { ni, nr, shared: undefined };
  adopt(ghost, sa, { chosen, spiIn, spiOut: chosen.spi, ...keys, ...selectors, began: true });
  ghost.isMobile =
    model.authParts.includes('MOBIKE_SUPPORTED') &&
    notified(response.payloads, Notification.MOBIKE_SUPPORTED).length > 0;
}

/** EAP to its end, and AUTH of both sides with the key that came of it (RFC 7296 §2.16). */
function* converse(
  ghost: Ghost,
  sa: GhostSa,
  { octets, theirOctets }: { octets: Uint8Array; theirOctets: Uint8Array },
  begun: Opened,
): Generator<Asked, Opened, Opened> {
  const dialogue = ghost.login.proof.converse?.(ghost.rng);
  const { prf } = sa.suite ?? {};
  insist(dialogue && prf, 'no way to log in by EAP');
  const exchange = Exchange.IKE_AUTH;
  let response = begun;
  for (;;) {
    const packet = find(response.payloads, PayloadType.EAP);
    insist(packet, 'the gateway ends EAP without a word');
    const data = dialogue.answer(packet.data);
    if (!data) break;
    response = yield { sa, exchange, payloads: [payload(PayloadType.EAP, { data })] };
  }
  const { msk } = dialogue;
  insist(msk, 'EAP made no key');
  const mine = sharedKeyAuth(prf, msk, octets);
  const last = yield { sa, exchange, payloads: [payload(PayloadType.AUTH, mine)] };
  const theirs = find(last.payloads, PayloadType.AUTH);
  insist(theirs, 'the gateway has no AUTH after EAP');
  const expected = sharedKeyAuth(prf, msk, theirOctets);
  insist(theirs.method === expected.method, `authentication method ${theirs.method} after EAP`);
  insist(equal(theirs.data, expected.data), 'the gateway has another key from EAP');
  ghost.diary.push('logged in by EAP');
  return last;
}

/** Is it the gateway that was dialled? @returns what its AUTH covers */
function believe(ghost: Ghost, sa: GhostSa, opening: Proven, { payloads }: Opened): Uint8Array {
  const { model, login, owner } = ghost;
  const { insists } = model;
  const auth = find(payloads, PayloadType.AUTH);
  const error = errorIn(payloads);
  if (!auth && error) throw new Displeased(`the login failed: ${nameOf(Notification, error.type)}`);
  const idR = find(payloads, PayloadType.IDR);
  insist(idR && auth && sa.keys && sa.suite?.prf, 'IKE_AUTH has no IDr or no AUTH');
  const isSame = equal(idR.raw, serverId(owner.server).raw);
  insist(!insists.sameIdR || isSame, 'IDr is not what was dialled');
  const { prf } = sa.suite;
  const macedId = prf.compute(sa.keys.theirs.p, idR.raw);
  const octets = concat(opening.response, opening.ni, macedId, opening.intAuth);
  const certificates = all(payloads, PayloadType.CERT).map(({ data }) => data);
  login.belief.check(octets, auth, { prf, certificates, insists, server: owner.server });
  return octets;
}

/** The addresses of CFG_REPLY. */
function assigned(payloads: readonly Payload[]): Ip[] {
  const reply = find(payloads, PayloadType.CP);
  insist(reply?.cfgType === CfgType.CFG_REPLY, 'the gateway configures nothing');
  return reply.attributes.flatMap(({ type, value }) => {
    if (type === CfgAttribute.INTERNAL_IP4_ADDRESS) return [ipFromBytes(value)];
    if (type === CfgAttribute.INTERNAL_IP6_ADDRESS) return [ipFromBytes(value.subarray(0, 16))];
    return [];
  });
}

/** The name servers of CFG_REPLY, and the domains that they know (RFC 8598 §3.1). */
function told(payloads: readonly Payload[]): Names {
  const attributes = find(payloads, PayloadType.CP)?.attributes ?? [];
  const of = (...types: readonly number[]) =>
    attributes.flatMap(({ type, value }) => (types.includes(type) ? [value] : []));
  return {
    servers: of(CfgAttribute.INTERNAL_IP4_DNS, CfgAttribute.INTERNAL_IP6_DNS).map(ipFromBytes),
    domains: of(CfgAttribute.INTERNAL_DNS_DOMAIN).map((value) => Buffer.from(value).toString()),
  };
}

const mostRounds = 4;
const first = { exchange: Exchange.IKE_SA_INIT, messageId: 0, isResponse: false };
