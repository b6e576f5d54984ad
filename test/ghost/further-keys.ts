// Additional key exchanges as a client does them, written from RFC 9242 and RFC 9370 alone: a second opinion on what of
// them enters the keys and AUTH.
import { concat, Writer } from '../../src/base/bytes.ts';
import { Exchange } from '../../src/iana/exchanges.ts';
import { nameOf } from '../../src/iana/name.ts';
import { Notification } from '../../src/iana/notifies.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import { encodePayloads } from '../../src/wire/message.ts';
import { find, type Payload, payload } from '../../src/wire/payloads/index.ts';
import { Displeased, insist } from './displeased.ts';
import type { Asked, Ghost } from './ghost.ts';
import type { GhostSa, Opened } from './ike-sa.ts';
import { ikeKeys, type Nonces, nextSkeyseed } from './keys.ts';
import { errorIn, notified, notify } from './nat.ts';
import { keyExchange } from './suite.ts';

/** @returns IntAuth: nothing where there was no exchange (RFC 9242 §3.3.2) */
export function* exchangeMore(
  ghost: Ghost,
  sa: GhostSa,
  nonces: Nonces,
): Generator<Asked, Uint8Array, Opened> {
  let [ours, theirs]: Uint8Array[] = [];
  const { suite } = sa;
  for (const method of suite?.addKe ?? []) {
    insist(suite?.prf && sa.keys, 'IKE_INTERMEDIATE before there are keys');
    const own = keyExchange(method).offer(ghost.rng);
    const payloads = [payload(PayloadType.KE, { method, data: own.value })];
    const id = sa.nextId;
    const response = yield { sa, exchange: Exchange.IKE_INTERMEDIATE, payloads };
    const data = answered(response, method);
    const before = (bytes: Uint8Array | undefined) => bytes ?? new Uint8Array(0);
    const { keys } = sa;
    ours = suite.prf.compute(keys.mine.p, concat(before(ours), covered(sa, id, false, payloads)));
    theirs = suite.prf.compute(
      keys.theirs.p,
      concat(before(theirs), covered(sa, id, true, response.payloads)),
    );
    const seed = nextSkeyseed(suite.prf, keys.d, nonces, own.finish(data).bytes);
    const { spiI, spiR, isInitiator } = sa;
    sa.keys = ikeKeys(suite, seed, { ...nonces, spiI, spiR, isInitiator });
    ghost.diary.push(`exchanged keys by method ${method}`);
  }
  if (!ours || !theirs) return new Uint8Array(0);
  return concat(ours, theirs, number(sa.nextId));
}

/** @returns SK(1), SK(2), … behind a CREATE_CHILD_SA (RFC 9370 §2.2.4) */
export function* followUps(
  ghost: Ghost,
  sa: GhostSa,
  methods: readonly number[],
  answer: Opened,
): Generator<Asked, Uint8Array[], Opened> {
  const secrets: Uint8Array[] = [];
  let last = answer;
  for (const method of methods) {
    const [link] = notified(last.payloads, Notification.ADDITIONAL_KEY_EXCHANGE);
    insist(link, 'the gateway does not say how to go on');
    const own = keyExchange(method).offer(ghost.rng);
    const payloads = [
      payload(PayloadType.KE, { method, data: own.value }),
      notify(Notification.ADDITIONAL_KEY_EXCHANGE, link),
    ];
    last = yield { sa, exchange: Exchange.IKE_FOLLOWUP_KE, payloads };
    secrets.push(own.finish(answered(last, method)).bytes);
  }
  const more = notified(last.payloads, Notification.ADDITIONAL_KEY_EXCHANGE);
  insist(more.length === 0, 'the gateway wants another key exchange');
  return secrets;
}

function answered({ payloads }: Opened, method: number): Uint8Array {
  const error = errorIn(payloads);
  if (error) throw new Displeased(`no further keys: ${nameOf(Notification, error.type)}`);
  const ke = find(payloads, PayloadType.KE);
  insist(ke?.method === method, `no KE for method ${method} came`);
  return ke.data;
}

/** The message as if it had come in one piece and in the clear. */
function covered(
  sa: GhostSa,
  id: number,
  isResponse: boolean,
  payloads: readonly Payload[],
): Uint8Array {
  const { first, bytes } = encodePayloads(payloads);
  const isFromInitiator = sa.isInitiator !== isResponse;
  const flags = (isFromInitiator ? 0x08 : 0) | (isResponse ? 0x20 : 0);
  const sk = [first, 0, (bytes.length + 4) >> 8, (bytes.length + 4) & 0xff];
  return concat(
    sa.spiI,
    sa.spiR,
    Uint8Array.of(46, 0x20, 43, flags),
    number(id),
    number(28 + 4 + bytes.length),
    Uint8Array.from(sk),
    bytes,
  );
}

function number(value: number): Uint8Array {
  const w = new Writer();
  w.u32(value);
  return w.finish();
}
