import { describe, expect, test } from 'vitest';
import { formatProposal, parseProposal } from '../../../src/transforms/parse.ts';
import { espWithoutAes, suite, suiteNames } from '../../../src/transforms/suites.ts';

const rows = (name: (typeof suiteNames)[number]) =>
  [...suite(name).ike, ...suite(name).esp].flatMap(({ encr, prf, integ, ke }) => [
    ...encr,
    ...prf,
    ...integ,
    ...ke,
  ]);

describe.each(suiteNames)('%s', (name) => {
  test('has proposals for IKE and ESP that a configuration could say as well', () => {
    for (const protocol of ['ike', 'esp'] as const) {
      expect(suite(name)[protocol].length).toBeGreaterThan(0);
      for (const proposal of suite(name)[protocol]) {
        const text = formatProposal(proposal);
        expect(parseProposal(protocol, text)).toEqual({ ok: true, proposal });
      }
    }
  });

  test('prefers AES-256-GCM and the group that Apple sends its KE for', () => {
    const [first] = suite(name).ike;
    expect(first?.encr[0]?.keyword).toBe('aes256gcm16');
    expect(first?.ke[0]?.keyword).toBe('ecp256');
    expect(suite(name).esp[0]?.encr[0]?.keyword).toBe('aes256gcm16');
  });

  test('offers perfect forward secrecy and never demands it', () => {
    expect(suite(name).esp[0]?.ke.length).toBeGreaterThan(0);
    expect(suite(name).esp.at(-1)?.ke).toEqual([]);
  });

  test('takes 32-bit sequence numbers first and 64-bit ones too', () => {
    for (const { esn } of suite(name).esp) {
      expect(esn.map((row) => row.keyword)).toEqual(['noesn', 'esn']);
    }
  });
});

test('modern has nothing below 128 bits and nothing but AEAD', () => {
  expect(Math.min(...rows('modern').map((row) => row.strength))).toBeGreaterThanOrEqual(128);
  expect(rows('modern').filter((row) => row.type === 'INTEG')).toEqual([]);
});

test('compatible has no SHA-1, legacy has it last', () => {
  const sha1 = (name: (typeof suiteNames)[number]) =>
    suite(name).ike.map(({ integ }) => integ.some((row) => row.keyword === 'sha1'));
  expect(sha1('compatible')).toEqual([false, false, false]);
  expect(sha1('legacy')).toEqual([false, false, false, true, true]);
});

describe.each(suiteNames)('%s on a processor without instructions for AES', (name) => {
  test('prefers ChaCha20, and accepts and offers the same', () => {
    const usual = suite(name).esp;
    const other = espWithoutAes(usual);
    expect(other[0]?.encr.map((row) => row.keyword)).toEqual([
      'chacha20poly1305',
      'aes256gcm16',
      'aes128gcm16',
    ]);
    const sorted = (list: typeof usual) =>
      list.map((each) => formatProposal(each).split('-').sort());
    expect(sorted(other)).toEqual(sorted(usual));
  });
});

test('the order that somebody wrote stays, whatever the processor', () => {
  const text = parseProposal('esp', 'aes256gcm16-chacha20poly1305');
  const chosen = text.ok ? [text.proposal] : [];
  expect(espWithoutAes(chosen)).toBe(chosen);
});

test('only legacy has group 2, behind everything else', () => {
  const weak = (name: (typeof suiteNames)[number]) =>
    suite(name).ike.map(({ ke }) => ke.some((row) => row.keyword === 'modp1024'));
  expect([weak('modern'), weak('compatible')].flat()).not.toContain(true);
  expect(weak('legacy')).toEqual([false, false, false, false, true]);
});

// What each client sends unasked, from its documentation and captures.
test.each([
  ['iOS 17 by hand', 'aes256gcm16-prfsha256-ecp256'],
  ['iOS 16 by hand', 'aes256-sha256-modp2048'],
  ['Android 11', 'aes256gcm16-prfsha512-modp4096'],
  ['the strongSwan app', 'aes256gcm16-prfsha384-ecp384'],
  ['Windows by Set-VpnConnectionIPsecConfiguration', 'aes256-sha384-ecp384'],
])('compatible serves %s: %s', (_, text) => {
  const wanted = parseProposal('ike', text);
  if (!wanted.ok) expect.fail(wanted.why);
  const { encr, prf, integ, ke } = wanted.proposal;
  const served = suite('compatible').ike.some(
    (ours) =>
      encr.every((row) => ours.encr.includes(row)) &&
      prf.every((row) => ours.prf.includes(row)) &&
      integ.every((row) => ours.integ.includes(row)) &&
      ke.every((row) => ours.ke.includes(row)),
  );
  expect(served).toBe(true);
});

describe.each(suiteNames)('%s and quantum computers', (name) => {
  const first = (protocol: 'ike' | 'esp') => suite(name)[protocol][0];

  test('takes ML-KEM first, and goes on without it where it must', () => {
    for (const protocol of ['ike', 'esp'] as const) {
      const [hybrid, ...others] = suite(name)[protocol];
      expect(hybrid?.addKe).toMatchObject([
        { step: 1, methods: [{ keyword: 'mlkem768' }, { keyword: 'mlkem1024' }] },
      ]);
      expect(others.every(({ addKe }) => addKe.length === 0)).toBe(true);
      expect(others.length).toBeGreaterThan(0);
    }
  });

  test('combines it with x25519, P-256 and P-384, and sends the KE that it always sent', () => {
    const methods = first('ike')?.ke.map(({ keyword }) => keyword);
    expect(methods).toEqual(['ecp256', 'x25519', 'ecp384']);
    expect(suite(name).ike[1]?.ke[0]?.keyword).toBe(methods?.[0]);
  });
});
