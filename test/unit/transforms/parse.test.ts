import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatProposal,
  formatSuite,
  type Proposal,
  type ProposalProtocol,
  parseProposal,
} from '../../../src/transforms/parse.ts';
import { byKeyword, transforms } from '../../../src/transforms/table.ts';

function parsed(protocol: ProposalProtocol, text: string): Proposal {
  const result = parseProposal(protocol, text);
  if (!result.ok) throw new Error(`${result.why}: ${result.cure}`);
  return result.proposal;
}
const keywords = (rows: readonly { keyword: string }[]): string[] => rows.map((row) => row.keyword);

describe('parseProposal', () => {
  test('reads an AEAD proposal', () => {
    const proposal = parsed('ike', 'aes256gcm16-prfsha384-ecp384');
    expect(keywords(proposal.encr)).toEqual(['aes256gcm16']);
    expect(keywords(proposal.prf)).toEqual(['prfsha384']);
    expect(proposal.integ).toEqual([]);
    expect(keywords(proposal.ke)).toEqual(['ecp384']);
    expect(proposal.esn).toEqual([]);
  });

  test('keeps the order of preference within a type, whatever the order of the words', () => {
    const proposal = parsed('ike', 'x25519-aes128-sha512-aes256-ecp256-sha256');
    expect(keywords(proposal.encr)).toEqual(['aes128', 'aes256']);
    expect(keywords(proposal.integ)).toEqual(['sha512', 'sha256']);
    expect(keywords(proposal.ke)).toEqual(['x25519', 'ecp256']);
  });

  test('takes the PRF from classic integrity unless one is named', () => {
    expect(keywords(parsed('ike', 'aes256-sha256-modp2048').prf)).toEqual(['prfsha256']);
    expect(keywords(parsed('ike', 'aes256-sha1-sha384-modp2048').prf)).toEqual([
      'prfsha1',
      'prfsha384',
    ]);
    expect(keywords(parsed('ike', 'aes256-sha256-prfsha512-modp2048').prf)).toEqual(['prfsha512']);
  });

  test('counts ESP packets in 32 bits unless told otherwise, and wants no KE', () => {
    expect(keywords(parsed('esp', 'aes128gcm16').esn)).toEqual(['noesn']);
    expect(keywords(parsed('esp', 'aes128gcm16-esn').esn)).toEqual(['esn']);
    expect(keywords(parsed('esp', 'aes128gcm16-esn-noesn').esn)).toEqual(['esn', 'noesn']);
    expect(parsed('esp', 'aes128gcm16').ke).toEqual([]);
  });

  test.each(['chacha20poly1305', 'aes256-sha256', 'aes256-sha1', 'aes128-sha384', 'aes192-sha512'])(
    'takes %s for ESP',
    (text) => {
      expect(formatProposal(parsed('esp', text))).toBe(text);
    },
  );

  test("knows strongSwan's other words, capitals and stray blanks", () => {
    const proposal = parsed('ike', ' AES256GCM128-PRFSHA256-Curve25519 ');
    expect(formatProposal(proposal)).toBe('aes256gcm16-prfsha256-x25519');
    expect(formatProposal(parsed('ike', 'aes-sha2_256-modp2048'))).toBe('aes128-sha256-modp2048');
  });

  test.each<[ProposalProtocol, string, string, string]>([
    ['ike', 'aes256gcm-prfsha256-ecp256', '«aes256gcm» is not a known algorithm', 'aes256gcm16?'],
    ['ike', 'aes256gcm16-prfsha255-ecp256', '«prfsha255»', 'Did you mean prfsha256?'],
    ['ike', 'aes256-sha256-mdop2048', '«mdop2048»', 'Did you mean modp2048?'],
    ['ike', '3des-sha256-modp2048', '«3des»', 'Known are aes128gcm16,'],
    ['ike', 'aes256-sha256-modp1536', '«modp1536»', 'Known are'],
    ['ike', '', 'a word is missing', 'Join words'],
    ['ike', 'aes256--sha256-ecp256', 'a word is missing', 'Join words'],
    ['ike', 'aes256-sha256-x25519-curve25519', 'x25519 stands twice', 'Name it once.'],
    ['ike', 'aes256gcm16-ecp256', 'no pseudorandom function', 'Add prfsha256.'],
    ['ike', 'aes256gcm16-prfsha256', 'no key exchange', 'Add x25519 or ecp256.'],
    ['ike', 'prfsha256-ecp256', 'no encryption', 'Add aes128gcm16 or'],
    ['ike', 'aes256-ecp256-prfsha256', 'aes256 needs an integrity algorithm', 'Add sha256.'],
    ['ike', 'aes256gcm16-sha256-ecp256', 'sha256 has no place', 'Replace sha256 by prfsha256.'],
    ['ike', 'aes256gcm16-sha256-prfsha256-ecp256', 'sha256 has no place', 'Remove sha256.'],
    ['ike', 'aes256gcm16-aes256-prfsha256-ecp256', 'cannot share', 'Write two proposals.'],
    ['ike', 'aes256-sha256-ecp256-noesn', 'noesn has no place in an ike', 'Remove noesn.'],
    ['esp', 'aes128gcm16-prfsha256', 'prfsha256 has no place in an esp', 'Remove prfsha256.'],
    ['esp', 'aes256', 'aes256 needs an integrity algorithm', 'Add sha256.'],
    ['esp', 'chacha20poly1305-sha256', 'sha256 has no place', 'Remove sha256.'],
    ['esp', 'aes128gcm16-sha256', 'sha256 has no place', 'Remove sha256.'],
    ['esp', 'esn', 'no encryption', 'Add aes128gcm16 or'],
  ])('refuses %s «%s» with a cure', (protocol, text, why, cure) => {
    const result = parseProposal(protocol, text);
    if (result.ok) expect.fail(`parsed as ${formatProposal(result.proposal)}`);
    expect(result.why).toContain(why);
    expect(result.cure).toContain(cure);
  });

  test('never puts AEAD beside an INTEG or a classic cipher (pitfall 24)', () => {
    const words = transforms.map((row) => row.keyword);
    const texts = fc.subarray(words, { minLength: 1 }).map((some) => some.join('-'));
    fc.assert(
      fc.property(fc.constantFrom('ike', 'esp'), texts, (protocol, text) => {
        const result = parseProposal(protocol, text);
        if (!result.ok) return;
        const { encr, integ, prf, ke, esn } = result.proposal;
        const aeads = encr.filter((row) => row.aead).length;
        expect([0, encr.length]).toContain(aeads);
        expect(integ.length === 0).toBe(aeads > 0);
        expect(prf.length > 0).toBe(protocol === 'ike');
        expect(esn.length > 0).toBe(protocol === 'esp');
        if (protocol === 'ike') expect(ke.length).toBeGreaterThan(0);
      }),
      { seed: 24, numRuns: 2000 },
    );
  });
});

describe('formatProposal', () => {
  test.each<[ProposalProtocol, string, string]>([
    ['ike', 'ecp256-prfsha256-aes256gcm16', 'aes256gcm16-prfsha256-ecp256'],
    ['ike', 'aes256-sha256-prfsha256-modp2048', 'aes256-sha256-modp2048'],
    ['ike', 'aes256-sha256-prfsha384-modp2048', 'aes256-sha256-prfsha384-modp2048'],
    ['esp', 'noesn-aes256gcm16', 'aes256gcm16'],
    ['esp', 'esn-aes256gcm16-x25519', 'aes256gcm16-x25519-esn'],
    ['esp', 'noesn-esn-aes256gcm16', 'aes256gcm16-noesn-esn'],
  ])('writes %s %s as %s', (protocol, text, canonical) => {
    expect(formatProposal(parsed(protocol, text))).toBe(canonical);
  });

  test('writes what parses to the same proposal', () => {
    const part = (type: string) => {
      const words = transforms.filter((row) => row.type === type).map((row) => row.keyword);
      return fc.shuffledSubarray(words, { maxLength: 2 });
    };
    const texts = fc
      .tuple(part('ENCR'), part('PRF'), part('INTEG'), part('KE'), part('ESN'))
      .map((parts) => parts.flat().join('-'));
    let seen = 0;
    fc.assert(
      fc.property(fc.constantFrom('ike', 'esp'), texts, (protocol, text) => {
        const first = parseProposal(protocol, text);
        if (!first.ok) return;
        seen++;
        expect(parseProposal(protocol, formatProposal(first.proposal))).toEqual(first);
      }),
      { seed: 7, numRuns: 5000 },
    );
    expect(seen).toBeGreaterThan(50);
  });
});

describe('formatSuite', () => {
  const aead = byKeyword<'ENCR'>('aes256gcm16', 'ENCR');
  const cbc = byKeyword<'ENCR'>('aes256', 'ENCR');
  const ke = byKeyword<'KE'>('ecp384', 'KE');

  test('writes an IKE suite', () => {
    const prf = byKeyword<'PRF'>('prfsha384', 'PRF');
    expect(formatSuite({ encr: aead, prf, ke })).toBe('aes256gcm16-prfsha384-ecp384');
  });

  test('leaves out the PRF that follows from the integrity', () => {
    const integ = byKeyword<'INTEG'>('sha256', 'INTEG');
    const prf = byKeyword<'PRF'>('prfsha256', 'PRF');
    expect(formatSuite({ encr: cbc, integ, prf, ke })).toBe('aes256-sha256-ecp384');
  });

  test('writes an ESP suite with and without PFS and ESN', () => {
    const [noesn, esn] = [byKeyword<'ESN'>('noesn', 'ESN'), byKeyword<'ESN'>('esn', 'ESN')];
    expect(formatSuite({ encr: aead, esn: noesn })).toBe('aes256gcm16');
    expect(formatSuite({ encr: aead, esn, ke })).toBe('aes256gcm16-ecp384-esn');
  });
});
