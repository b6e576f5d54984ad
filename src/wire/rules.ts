// Which payloads a message may hold, how often, sealed or in the clear, and in which order we send them:
// exchange × direction, from the message figures of RFC 7296 §1 and §2 and of the RFCs that add to them.
import { Exchange } from '../iana/exchanges.ts';
import { nameOf } from '../iana/name.ts';
import { Notification } from '../iana/notifies.ts';
import { PayloadType } from '../iana/payloads.ts';
import { Protocol } from '../iana/protocols.ts';
import { maxPayloads } from './message.ts';
import { all, type KnownType, type Payload, unknownType } from './payloads/index.ts';

/** A message whose payloads parse one by one, but do not make a message together. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
  /** Payload type that is missing, too many, out of place or alone. */
  readonly payload: number;
  readonly why: string;
  constructor(payload: number, why: string) {
    super(`${nameOf(PayloadType, payload)}: ${why}`);
    this.payload = payload;
    this.why = why;
  }
}

/** The payloads of a message by where they stood: before SK, or inside it. */
export interface Placed {
  readonly clear: readonly Payload[];
  readonly sealed: readonly Payload[];
}

/**
 * Judges the payloads of a message. Types that the table does not list are ignored, wherever they stand:
 * MikroTik sends CP when it rekeys. Unknown types with the critical bit are `unsupportedCritical`'s business.
 * @throws RuleError
 */
export function checkRules(exchange: number, isResponse: boolean, placed: Placed): void {
  const rules = rulesOf(exchange, isResponse);
  if (!rules) throw new RuleError(PayloadType.NONE, `unknown exchange ${exchange}`);
  for (const row of rules.rows) checkRow(row, rules.place, placed);
  const payloads = placed[rules.place];
  for (const bond of rules.bonds) {
    if (!bond.holds(payloads)) throw new RuleError(bond.payload, bond.why);
  }
}

/**
 * The first payload type that we do not understand and may not skip: the content of the notify
 * UNSUPPORTED_CRITICAL_PAYLOAD (RFC 7296 §2.5).
 */
export function unsupportedCritical(payloads: readonly Payload[]): number | undefined {
  for (const one of payloads) if (one.type === unknownType && one.critical) return one.number;
  return undefined;
}

/** The payloads in the order of the figures; what the table does not list comes last, before SK and SKF only. */
export function inOrder(
  exchange: number,
  isResponse: boolean,
  payloads: readonly Payload[],
): Payload[] {
  const rows = rulesOf(exchange, isResponse)?.rows ?? [];
  return payloads
    .map((one) => ({ one, rank: rankOf(one, rows) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ one }) => one);
}

interface Row {
  readonly type: KnownType;
  readonly min: number;
  readonly max: number;
}
/** A condition on several payloads at once. */
interface Bond {
  /** The payload to name when it does not hold. */
  readonly payload: KnownType;
  readonly why: string;
  holds(payloads: readonly Payload[]): boolean;
}
interface Rules {
  /** Where the payloads of `rows` stand: what must be encrypted may not stand in the clear. */
  readonly place: keyof Placed;
  /** In the order in which we send them. */
  readonly rows: readonly Row[];
  readonly bonds: readonly Bond[];
}

function checkRow({ type, min, max }: Row, place: keyof Placed, placed: Placed): void {
  const count = countOf(placed[place], type);
  if (place === 'sealed' && has(placed.clear, type)) throw new RuleError(type, 'must be encrypted');
  if (count < min) throw new RuleError(type, 'missing');
  if (count > max) throw new RuleError(type, `${count} of them, ${max} at most`);
}

/** Two notifies stand before everything else (RFC 7296 §2.6, §1.3.3); SK and SKF behind everything (§3.14). */
function rankOf(one: Payload, rows: readonly Row[]): number {
  if (one.type === PayloadType.SK || one.type === PayloadType.SKF) return rows.length + 1;
  if (one.type === PayloadType.NOTIFY && foremost.has(one.body.type)) return -1;
  const at = rows.findIndex((row) => row.type === one.type);
  return at < 0 ? rows.length : at;
}

const rulesOf = (exchange: number, isResponse: boolean): Rules | undefined =>
  table[exchange]?.[isResponse ? 'response' : 'request'];

const required = (type: KnownType): Row => ({ type, min: 1, max: 1 });
const optional = (type: KnownType): Row => ({ type, min: 0, max: 1 });
const anyNumber = (type: KnownType): Row => ({ type, min: 0, max: maxPayloads });

const countOf = (payloads: readonly Payload[], type: KnownType): number =>
  payloads.reduce((sum, payload) => sum + (payload.type === type ? 1 : 0), 0);
const has = (payloads: readonly Payload[], type: KnownType): boolean => countOf(payloads, type) > 0;

/** `type` needs all of `others`. */
const needs = (type: KnownType, others: readonly KnownType[], why: string): Bond => ({
  payload: type,
  why,
  holds: (payloads) => !has(payloads, type) || others.every((other) => has(payloads, other)),
});
const anyOf = (types: readonly [KnownType, ...KnownType[]], why: string): Bond => ({
  payload: types[0],
  why,
  holds: (payloads) => types.some((type) => has(payloads, type)),
});
const proposes = (payloads: readonly Payload[], ...protocols: readonly number[]): boolean =>
  all(payloads, SA).some(({ proposals }) =>
    proposals.some(({ protocol }) => protocols.includes(protocol)),
  );

const { SA, KE, IDI, IDR, CERT, CERTREQ, AUTH, NONCE } = PayloadType;
const { NOTIFY, DELETE, VENDOR, TSI, TSR, CP, EAP } = PayloadType;

const foremost: ReadonlySet<number> = new Set([Notification.COOKIE, Notification.REKEY_SA]);

const selectorsInPairs = [
  needs(TSI, [TSR], 'without TSr'),
  needs(TSR, [TSI], 'without TSi'),
] as const;
/** In IKE_AUTH all or none: a childless request leaves out all three (RFC 6023 §3). */
const childIsWhole = [
  ...selectorsInPairs,
  needs(SA, [TSI], 'a CHILD_SA without traffic selectors'),
  needs(TSI, [SA], 'without SA'),
] as const;
const childHasSelectors: Bond = {
  payload: SA,
  why: 'a CHILD_SA without traffic selectors',
  holds: (payloads) => !proposes(payloads, Protocol.ESP, Protocol.AH) || has(payloads, TSI),
};
const rekeyHasKe: Bond = {
  payload: SA,
  why: 'an IKE SA without KE',
  holds: (payloads) => !proposes(payloads, Protocol.IKE) || has(payloads, KE),
};

const extras = [anyNumber(NOTIFY), anyNumber(VENDOR)] as const;
const proof = [optional(AUTH), optional(EAP)] as const;
const child = [optional(CP), optional(SA), optional(TSI), optional(TSR)] as const;
const informational: Rules = {
  place: 'sealed',
  rows: [anyNumber(NOTIFY), anyNumber(DELETE), optional(CP), anyNumber(VENDOR)],
  bonds: [],
};
const intermediate: Rules = { place: 'sealed', rows: [optional(KE), ...extras], bonds: [] };

/**
 * A response may also be nothing but a notify: an error, COOKIE, REDIRECT; so only bonds demand anything of it.
 * IKE_AUTH has many shapes because EAP spreads it over several exchanges (RFC 7296 §2.16): IDi, SA and TS stand
 * in the first request, EAP alone in the middle ones, AUTH alone in the last.
 */
const table: Readonly<Record<number, { readonly request: Rules; readonly response: Rules }>> = {
  [Exchange.IKE_SA_INIT]: {
    request: {
      place: 'clear',
      rows: [required(SA), required(KE), required(NONCE), ...extras],
      bonds: [],
    },
    response: {
      place: 'clear',
      rows: [optional(SA), optional(KE), optional(NONCE), anyNumber(CERTREQ), ...extras],
      bonds: [
        anyOf([SA, NOTIFY], 'neither an answer nor a notify'),
        needs(SA, [KE, NONCE], 'without KE and Nr'),
      ],
    },
  },
  [Exchange.IKE_AUTH]: {
    request: {
      place: 'sealed',
      rows: [
        optional(IDI),
        anyNumber(CERT),
        anyNumber(CERTREQ),
        optional(IDR),
        ...proof,
        ...child,
        ...extras,
      ],
      bonds: [
        anyOf([IDI, AUTH, EAP], 'neither an identity nor a proof'),
        needs(IDR, [IDI], 'without IDi'),
        ...childIsWhole,
      ],
    },
    response: {
      place: 'sealed',
      rows: [optional(IDR), anyNumber(CERT), ...proof, ...child, ...extras],
      bonds: [
        anyOf([AUTH, EAP, NOTIFY], 'neither a proof nor a notify'),
        needs(SA, [AUTH], 'without AUTH'),
        ...childIsWhole,
      ],
    },
  },
  [Exchange.CREATE_CHILD_SA]: {
    request: {
      place: 'sealed',
      rows: [required(SA), required(NONCE), optional(KE), optional(TSI), optional(TSR), ...extras],
      bonds: [...selectorsInPairs, childHasSelectors, rekeyHasKe],
    },
    response: {
      place: 'sealed',
      rows: [optional(SA), optional(NONCE), optional(KE), optional(TSI), optional(TSR), ...extras],
      bonds: [
        anyOf([SA, NOTIFY], 'neither an answer nor a notify'),
        needs(SA, [NONCE], 'without Nr'),
        ...selectorsInPairs,
        childHasSelectors,
        rekeyHasKe,
      ],
    },
  },
  [Exchange.INFORMATIONAL]: { request: informational, response: informational },
  [Exchange.IKE_SESSION_RESUME]: {
    request: { place: 'clear', rows: [required(NONCE), ...extras], bonds: [] },
    response: {
      place: 'clear',
      rows: [optional(NONCE), ...extras],
      bonds: [anyOf([NONCE, NOTIFY], 'neither an answer nor a notify')],
    },
  },
  [Exchange.IKE_INTERMEDIATE]: { request: intermediate, response: intermediate },
  [Exchange.IKE_FOLLOWUP_KE]: {
    request: { place: 'sealed', rows: [required(KE), ...extras], bonds: [] },
    response: {
      place: 'sealed',
      rows: [optional(KE), ...extras],
      bonds: [anyOf([KE, NOTIFY], 'neither an answer nor a notify')],
    },
  },
};
