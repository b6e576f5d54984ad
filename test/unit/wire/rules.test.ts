import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType } from '../../../src/iana/payloads.ts';
import {
  type KnownType,
  type Payload,
  payload,
  unknownType,
} from '../../../src/wire/payloads/index.ts';
import { checkRules, inOrder, RuleError, unsupportedCritical } from '../../../src/wire/rules.ts';
import { anyChain, sampleOf } from './samples.ts';

const { SA, KE, IDI, IDR, CERT, CERTREQ, AUTH, NONCE } = PayloadType;
const { NOTIFY, DELETE, VENDOR, TSI, TSR, SK, CP, EAP } = PayloadType;
const { IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL } = Exchange;
const { IKE_INTERMEDIATE, IKE_FOLLOWUP_KE, IKE_SESSION_RESUME } = Exchange;

const notify = (type: number): Payload =>
  payload(NOTIFY, { protocol: 0, spi: new Uint8Array(0), type, data: new Uint8Array(0) });
const saOf = (protocol: number): Payload =>
  payload(SA, { proposals: [{ number: 1, protocol, spi: new Uint8Array(0), transforms: [] }] });
const ikeSa = saOf(1);
const espSa = saOf(3);
const unknown = (number: number, critical: boolean): Payload => ({
  type: unknownType,
  number,
  critical,
  body: new Uint8Array(0),
});

type Part = KnownType | Payload;
const made = (parts: readonly Part[]): Payload[] =>
  parts.map((part) => (typeof part === 'number' ? sampleOf(part) : part));

const check = (exchange: number, direction: 'request' | 'response', ...parts: readonly Part[]) => {
  const isClear = exchange === IKE_SA_INIT || exchange === IKE_SESSION_RESUME;
  const payloads = made(parts);
  checkRules(exchange, direction === 'response', {
    clear: isClear ? payloads : [],
    sealed: isClear ? [] : payloads,
  });
};
/** The payload that the rules complain of, or undefined. */
const fault = (...message: Parameters<typeof check>): number | undefined => {
  try {
    check(...message);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(RuleError);
    return error instanceof RuleError ? error.payload : undefined;
  }
};

describe('IKE_SA_INIT', () => {
  test('asks with SA, KE and Ni, and whatever notifies and vendor IDs', () => {
    expect(fault(IKE_SA_INIT, 'request', SA, KE, NONCE)).toBeUndefined();
    expect(fault(IKE_SA_INIT, 'request', NOTIFY, SA, KE, NONCE, NOTIFY, VENDOR)).toBeUndefined();
  });

  test.each([
    [SA, [KE, NONCE]],
    [KE, [SA, NONCE]],
    [NONCE, [SA, KE]],
    [SA, [SA, SA, KE, NONCE]],
    [KE, [SA, KE, KE, NONCE]],
  ] as const)('does not ask with payload %i missing or doubled', (type, parts) => {
    expect(fault(IKE_SA_INIT, 'request', ...parts)).toBe(type);
  });

  test('is answered with SA, KE and Nr, or with a notify alone', () => {
    expect(fault(IKE_SA_INIT, 'response', SA, KE, NONCE, CERTREQ, NOTIFY)).toBeUndefined();
    expect(fault(IKE_SA_INIT, 'response', NOTIFY)).toBeUndefined();
    expect(fault(IKE_SA_INIT, 'response')).toBe(SA);
    expect(fault(IKE_SA_INIT, 'response', SA, KE)).toBe(SA);
    expect(fault(IKE_SA_INIT, 'response', SA, NONCE, NOTIFY)).toBe(SA);
  });
});

describe('IKE_AUTH', () => {
  const child = [SA, TSI, TSR] as const;

  test.each<[string, readonly Part[]]>([
    ['PSK', [IDI, AUTH, ...child]],
    ['a certificate', [IDI, CERT, CERT, CERTREQ, IDR, AUTH, CP, ...child, NOTIFY, NOTIFY]],
    ['EAP, first', [IDI, CERTREQ, CP, ...child, NOTIFY]],
    ['EAP, in between', [EAP]],
    ['EAP, last', [AUTH]],
    ['no CHILD_SA (RFC 6023)', [IDI, AUTH]],
  ])('asks with %s', (_, parts) => {
    expect(fault(IKE_AUTH, 'request', ...parts)).toBeUndefined();
  });

  test.each<[string, readonly Part[]]>([
    ['PSK', [IDR, AUTH, ...child]],
    ['a certificate', [IDR, CERT, CERT, AUTH, CP, ...child, NOTIFY]],
    ['EAP, first', [IDR, CERT, AUTH, EAP]],
    ['EAP-only, first', [IDR, EAP]],
    ['EAP, in between', [EAP]],
    ['EAP, last', [AUTH, CP, ...child]],
    ['an IKE SA without the CHILD_SA (pitfall 43)', [IDR, AUTH, NOTIFY]],
    ['a refusal', [NOTIFY]],
  ])('answers with %s', (_, parts) => {
    expect(fault(IKE_AUTH, 'response', ...parts)).toBeUndefined();
  });

  test('does not ask without identity, proof or EAP', () => {
    expect(fault(IKE_AUTH, 'request')).toBe(IDI);
    expect(fault(IKE_AUTH, 'request', ...child, NOTIFY)).toBe(IDI);
    expect(fault(IKE_AUTH, 'request', IDR, AUTH)).toBe(IDR);
  });

  test('never has one traffic selector payload without the other (CVE-2023-23009)', () => {
    expect(fault(IKE_AUTH, 'request', IDI, AUTH, SA, TSI)).toBe(TSI);
    expect(fault(IKE_AUTH, 'request', IDI, AUTH, SA, TSR)).toBe(TSR);
    expect(fault(IKE_AUTH, 'response', IDR, AUTH, SA, TSI)).toBe(TSI);
  });

  test('never has SA without selectors, nor selectors without SA', () => {
    expect(fault(IKE_AUTH, 'request', IDI, AUTH, SA)).toBe(SA);
    expect(fault(IKE_AUTH, 'request', IDI, AUTH, TSI, TSR)).toBe(TSI);
  });

  test('never brings a CHILD_SA before AUTH', () => {
    expect(fault(IKE_AUTH, 'response', IDR, EAP, ...child)).toBe(SA);
  });

  test.each([
    ['request', [IDI, IDI, AUTH], IDI],
    ['request', [IDI, AUTH, AUTH], AUTH],
    ['request', [EAP, EAP], EAP],
    ['response', [IDR, IDR, AUTH], IDR],
    ['response', [IDR, AUTH, CP, CP], CP],
  ] as const)('has most payloads once: %s %j', (direction, parts, type) => {
    expect(fault(IKE_AUTH, direction, ...parts)).toBe(type);
  });

  test('never has its payloads in the clear', () => {
    const placed = { clear: made([IDI, AUTH]), sealed: made([IDI, AUTH]) };
    expect(() => checkRules(IKE_AUTH, false, placed)).toThrow('IDI: must be encrypted');
  });
});

describe('CREATE_CHILD_SA', () => {
  test('asks for a CHILD_SA, with or without KE, or for an IKE SA (pitfall 27)', () => {
    expect(fault(CREATE_CHILD_SA, 'request', espSa, NONCE, TSI, TSR)).toBeUndefined();
    expect(fault(CREATE_CHILD_SA, 'request', NOTIFY, espSa, NONCE, KE, TSI, TSR)).toBeUndefined();
    expect(fault(CREATE_CHILD_SA, 'request', ikeSa, NONCE, KE)).toBeUndefined();
  });

  test('does not ask for a CHILD_SA without selectors, nor for an IKE SA without KE', () => {
    expect(fault(CREATE_CHILD_SA, 'request', espSa, NONCE)).toBe(SA);
    expect(fault(CREATE_CHILD_SA, 'request', espSa, NONCE, TSI)).toBe(TSI);
    expect(fault(CREATE_CHILD_SA, 'request', ikeSa, NONCE)).toBe(SA);
    expect(fault(CREATE_CHILD_SA, 'request', espSa, TSI, TSR)).toBe(NONCE);
  });

  test('ignores the CP that MikroTik puts into rekeys, even twice', () => {
    expect(fault(CREATE_CHILD_SA, 'request', espSa, NONCE, TSI, TSR, CP, CP)).toBeUndefined();
  });

  test('is answered in kind, or with a notify alone', () => {
    expect(fault(CREATE_CHILD_SA, 'response', espSa, NONCE, TSI, TSR)).toBeUndefined();
    expect(fault(CREATE_CHILD_SA, 'response', ikeSa, NONCE, KE)).toBeUndefined();
    expect(fault(CREATE_CHILD_SA, 'response', NOTIFY)).toBeUndefined();
    expect(fault(CREATE_CHILD_SA, 'response')).toBe(SA);
    expect(fault(CREATE_CHILD_SA, 'response', espSa, TSI, TSR)).toBe(SA);
    expect(fault(CREATE_CHILD_SA, 'response', ikeSa, NONCE)).toBe(SA);
  });
});

describe('other exchanges', () => {
  test('INFORMATIONAL may be empty, or hold notifies, deletes and one CP', () => {
    for (const direction of ['request', 'response'] as const) {
      expect(fault(INFORMATIONAL, direction)).toBeUndefined();
      expect(fault(INFORMATIONAL, direction, DELETE, DELETE, NOTIFY, CP)).toBeUndefined();
      expect(fault(INFORMATIONAL, direction, CP, CP)).toBe(CP);
    }
  });

  test('IKE_INTERMEDIATE and IKE_FOLLOWUP_KE carry KE', () => {
    expect(fault(IKE_INTERMEDIATE, 'request', KE)).toBeUndefined();
    expect(fault(IKE_INTERMEDIATE, 'request', KE, KE)).toBe(KE);
    expect(fault(IKE_FOLLOWUP_KE, 'request', KE, NOTIFY)).toBeUndefined();
    expect(fault(IKE_FOLLOWUP_KE, 'request', NOTIFY)).toBe(KE);
    expect(fault(IKE_FOLLOWUP_KE, 'response', NOTIFY)).toBeUndefined();
    expect(fault(IKE_FOLLOWUP_KE, 'response')).toBe(KE);
  });

  test('IKE_SESSION_RESUME carries a nonce in the clear', () => {
    expect(fault(IKE_SESSION_RESUME, 'request', NONCE, NOTIFY)).toBeUndefined();
    expect(fault(IKE_SESSION_RESUME, 'request', NOTIFY)).toBe(NONCE);
    expect(fault(IKE_SESSION_RESUME, 'response')).toBe(NONCE);
  });

  test('of an unknown type are refused', () => {
    expect(() => check(99, 'request')).toThrow('unknown exchange 99');
  });
});

describe('an unknown payload', () => {
  test('is named when it is critical, and skipped when it is not (pitfall 9)', () => {
    const payloads = [unknown(200, false), unknown(201, true), unknown(202, true)];
    expect(unsupportedCritical(payloads)).toBe(201);
    expect(unsupportedCritical([unknown(200, false)])).toBeUndefined();
  });

  test('is the only one whose critical bit means something (pitfall 9)', () => {
    expect(unsupportedCritical([{ ...sampleOf(KE), critical: true }])).toBeUndefined();
  });

  test('does not count for the rules', () => {
    const extras = [unknown(200, false), unknown(201, true)];
    expect(fault(IKE_SA_INIT, 'request', SA, KE, NONCE, ...extras)).toBeUndefined();
  });
});

describe('order of emission', () => {
  const order = (exchange: number, direction: 'request' | 'response', ...parts: readonly Part[]) =>
    inOrder(exchange, direction === 'response', made(parts)).map((one) =>
      one.type === NOTIFY ? one.body.type : one.type,
    );

  test('COOKIE is the first payload of all (pitfall 13)', () => {
    const cookie = notify(Notification.COOKIE);
    const natD = notify(Notification.NAT_DETECTION_SOURCE_IP);
    expect(order(IKE_SA_INIT, 'request', VENDOR, natD, NONCE, cookie, KE, SA)).toEqual([
      Notification.COOKIE,
      SA,
      KE,
      NONCE,
      Notification.NAT_DETECTION_SOURCE_IP,
      VENDOR,
    ]);
  });

  test('REKEY_SA comes before what it is about (RFC 7296 §1.3.3)', () => {
    const rekey = notify(Notification.REKEY_SA);
    expect(order(CREATE_CHILD_SA, 'request', TSR, TSI, KE, NONCE, espSa, rekey)).toEqual([
      Notification.REKEY_SA,
      SA,
      NONCE,
      KE,
      TSI,
      TSR,
    ]);
  });

  test('IKE_AUTH follows the figures of RFC 7296 §1.2 and §2.16', () => {
    const request = [TSR, TSI, SA, CP, AUTH, IDR, CERTREQ, CERT, IDI] as const;
    expect(order(IKE_AUTH, 'request', ...request)).toEqual([
      IDI,
      CERT,
      CERTREQ,
      IDR,
      AUTH,
      CP,
      SA,
      TSI,
      TSR,
    ]);
    expect(order(IKE_AUTH, 'response', EAP, AUTH, CERT, IDR)).toEqual([IDR, CERT, AUTH, EAP]);
  });

  test('SK is the last, behind what no table lists (pitfall 45)', () => {
    const parts = [SK, CP, unknown(200, false), SA] as const;
    expect(order(IKE_SA_INIT, 'request', ...parts)).toEqual([SA, CP, unknownType, SK]);
    expect(order(99, 'request', SK, SA)).toEqual([SA, SK]);
  });

  test('keeps payloads of one type in their order: end entity first, notifies as added (pitfall 44)', () => {
    const certs = [1, 2, 3].map((n) => payload(CERT, { encoding: 4, data: Uint8Array.of(n) }));
    const [a, b, c] = certs;
    expect(inOrder(IKE_AUTH, false, [...made([AUTH]), ...certs, ...made([IDI])])).toEqual([
      sampleOf(IDI),
      a,
      b,
      c,
      sampleOf(AUTH),
    ]);
  });

  test('loses nothing, adds nothing, and is stable', () => {
    const exchange = fc.constantFrom(...Object.values(Exchange));
    fc.assert(
      fc.property(exchange, fc.boolean(), anyChain, (type, isResponse, payloads) => {
        const ordered = inOrder(type, isResponse, payloads);
        expect(new Set(ordered)).toEqual(new Set(payloads));
        expect(ordered).toHaveLength(payloads.length);
        expect(inOrder(type, isResponse, ordered)).toEqual(ordered);
      }),
    );
  });
});
