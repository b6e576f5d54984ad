import { beforeAll, describe, expect, test } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import type { JudgeRevocation } from '../../../src/pki/chain.ts';
import { PathSearch } from '../../../src/pki/path.ts';
import { formatIdentity } from '../../../src/policy/identity.ts';
import { hasOpenssl, openssl } from '../../lab/openssl.ts';
import {
  bundle,
  type CertificateOptions,
  issue,
  type LabCertificate,
  type LabKey,
  makeCa,
  selfSigned,
  unknownCritical,
} from '../../lab/pki.ts';
import { certificateOf, judge, type Question, refused } from './anchors.ts';

let root: LabCertificate;
let middle: LabCertificate;
let leaf: LabCertificate;
beforeAll(async () => {
  root = await makeCa({ name: 'C=CH, O=Home, CN=Home Root' });
  middle = await makeCa({ name: 'C=CH, O=Home, CN=Home Issuer' }, root);
  leaf = await issue(middle, { name: 'C=CH, O=Home, CN=anna', san: ['anna@home.example'] });
});
describe('a path to an authority', () => {
  test('leads over intermediates that the peer sent, in any order', async () => {
    const lower = await makeCa({ name: 'CN=Lower' }, middle);
    const peer = await issue(lower, {});
    for (const chain of [
      [peer, lower, middle],
      [peer, middle, lower],
      [peer, root, middle, lower],
    ]) {
      expect(await judge(chain, { trusted: [root] })).toMatchObject({ ok: true });
    }
  });

  test('leads over intermediates that are stored', async () => {
    expect(await judge([leaf], { trusted: [root], stored: [middle] })).toMatchObject({ ok: true });
    expect(await judge([leaf], { trusted: [root] })).toEqual(
      refused('untrusted', 'CN=anna', 'issued by', 'CN=Home Issuer', 'no authority of ours'),
    );
  });

  test('ends at an intermediate where the owner trusts that one', async () => {
    expect(await judge([leaf], { trusted: [middle] })).toMatchObject({ ok: true });
  });

  // An authority was believed for everybody: whoever dialled a provider let in all whom that one certified.
  test('ends at an authority only where that vouches for such peers', async () => {
    const eku = ['serverAuth', 'clientAuth'] as const;
    const server = await issue(middle, { name: 'CN=vpn', san: ['vpn.example.net'], eku });
    const chain = [server, middle];
    const verdict = (purpose: 'client' | 'server', vouchesFor: 'clients' | 'servers' | 'any') =>
      judge(chain, { trusted: [root], purpose, vouchesFor });
    expect(await verdict('server', 'servers')).toMatchObject({ ok: true });
    expect(await verdict('client', 'servers')).toEqual(
      refused('untrusted', 'no authority of ours'),
    );
    expect(await verdict('client', 'clients')).toMatchObject({ ok: true });
    expect(await verdict('server', 'clients')).toEqual(
      refused('untrusted', 'no authority of ours'),
    );
    expect(await verdict('client', 'any')).toMatchObject({ ok: true });
  });

  test('gives the key and the identities of the peer', async () => {
    const verdict = await judge([leaf, middle], { trusted: [root] });
    expect(verdict).toMatchObject({ ok: true, keyType: 'p256' });
    if (!verdict.ok) return;
    expect(verdict.identities.map(formatIdentity)).toEqual([
      'C=CH, O=Home, CN=anna',
      'anna@home.example',
    ]);
    expect(toHex(verdict.spki)).toBe(toHex(new Uint8Array(leaf.certificate.publicKey.rawData)));
  });

  test.each<LabKey>(['rsa2048', 'p256', 'p384', 'p521', 'ed25519'])(
    'works with %s keys',
    async (key) => {
      const ca = await makeCa({ key });
      const peer = await issue(ca, { key });
      const keyType = key === 'rsa2048' ? 'rsa' : key;
      expect(await judge([peer], { trusted: [ca] })).toMatchObject({ ok: true, keyType });
    },
  );

  test.each(['SHA-256', 'SHA-384', 'SHA-512'] as const)(
    'works with RSASSA-PSS and %s',
    async (hash) => {
      const ca = await makeCa({ key: 'rsa2048' });
      const peer = await issue(ca, { pss: true, hash });
      expect(await judge([peer], { trusted: [ca] })).toMatchObject({ ok: true });
    },
  );

  test('does not lead over the other certificates when the first is a stranger (pitfall 44)', async () => {
    const stranger = await selfSigned({ name: 'CN=stranger' });
    expect(await judge([stranger, leaf, middle, root], { trusted: [root] })).toEqual(
      refused('untrusted', 'CN=stranger', 'vouches for itself'),
    );
  });

  test('does not trust a root that the peer brings along (CVE-2023-26463, class 3)', async () => {
    const evil = await makeCa({ name: 'C=CH, O=Home, CN=Home Root' });
    const peer = await issue(evil, { name: 'C=CH, O=Home, CN=anna' });
    expect(await judge([peer, evil], { trusted: [root] })).toEqual(
      refused('untrusted', 'CN=anna', 'that key did not sign it'),
    );
  });

  // Addresses of revocation lists stand in certificates: a stranger's, or those of a path that is no good anyway, had
  // daemons fetch whatever a stranger wanted (CVE-2022-40617).
  test('is asked about at its authority only where it is good otherwise (class 14)', async () => {
    const stranger = await selfSigned({ name: 'CN=stranger' });
    const expired = await issue(root, { name: 'CN=anna', notAfter: new Date('2025-01-01') });
    const good = await issue(root, { name: 'CN=anna' });
    const asked: string[] = [];
    const revocation: JudgeRevocation = async ([leaf]) => {
      asked.push(leaf ? toHex(leaf.spki) : '');
      return undefined;
    };
    for (const one of [stranger, expired, good]) {
      await judge([one], { trusted: [root], revocation });
    }
    expect(asked).toEqual([toHex(certificateOf(good.der).spki)]);
  });

  test('takes the other of two authorities of one name when the first did not sign', async () => {
    const older = await makeCa({ name: 'C=CH, O=Home, CN=Home Root' });
    expect(await judge([leaf, middle], { trusted: [older, root] })).toMatchObject({ ok: true });
  });

  test('may be the certificate itself, where the owner trusts just that one', async () => {
    const pinned = await selfSigned({ name: 'CN=gateway', eku: ['serverAuth'] });
    expect(await judge([pinned], { trusted: [pinned], purpose: 'server' })).toMatchObject({
      ok: true,
    });
    const twin = await selfSigned({ name: 'CN=gateway', eku: ['serverAuth'] });
    expect(await judge([twin], { trusted: [pinned], purpose: 'server' })).toMatchObject({
      ok: false,
      cause: 'untrusted',
    });
  });

  test('does not pass a trusted certificate that is no authority', async () => {
    const pinned = await selfSigned({ name: 'CN=gateway' });
    const peer = await issue(pinned, { name: 'CN=mallory' });
    expect(await judge([peer], { trusted: [pinned] })).toEqual(
      refused('constraint', 'CN=gateway', 'is no authority'),
    );
  });

  test('is at most eight certificates long', async () => {
    const links = [root];
    for (let i = 0; i < 7; i++) links.unshift(await makeCa({ name: `CN=Link ${i}` }, links[0]));
    const peerOf = (i: number) => issue(links[i] ?? root, {});
    expect(await judge([await peerOf(1), ...links], { trusted: [root] })).toMatchObject({
      ok: true,
    });
    expect(await judge([await peerOf(0), ...links], { trusted: [root] })).toMatchObject({
      ok: false,
      cause: 'untrusted',
    });
  });

  test('is found in a knot of cross-certificates, with a bounded number of looks', async () => {
    const names = ['CN=A', 'CN=B', 'CN=C', 'CN=D'];
    const cas = await Promise.all(names.map((name) => makeCa({ name })));
    const crosses = cas.flatMap((keyOf, i) =>
      cas.flatMap((by) => (by === keyOf ? [] : makeCa({ name: names[i] ?? '', keyOf }, by))),
    );
    const knot = await Promise.all(crosses);
    const peer = await issue(cas[0] ?? root, {});
    const bridge = await makeCa({ name: 'CN=D', ...(cas[3] && { keyOf: cas[3] }) }, root);
    expect(knot).toHaveLength(12);
    expect(await judge([peer, ...knot], { trusted: [root] })).toMatchObject({ cause: 'untrusted' });
    expect(await judge([peer, bridge, ...knot], { trusted: [root] })).toMatchObject({ ok: true });

    const links = knot.map(({ der }) => certificateOf(der));
    const search = new PathSearch({ trusted: [], links });
    expect([...search.pathsFrom(certificateOf(peer.der))]).toEqual([]);
    expect(search.steps).toBe(16);
  });

  test('never visits a certificate twice', async () => {
    const [a, b] = await Promise.all([makeCa({ name: 'CN=A' }), makeCa({ name: 'CN=B' })]);
    const loop = [
      await makeCa({ name: 'CN=A', keyOf: a }, b),
      await makeCa({ name: 'CN=B', keyOf: b }, a),
    ];
    const search = new PathSearch({
      trusted: [],
      links: loop.map(({ der }) => certificateOf(der)),
    });
    expect([...search.pathsFrom(certificateOf((await issue(a, {})).der))]).toEqual([]);
    expect(search.steps).toBe(2);
  });
});

describe('bounds', () => {
  const broken = { der: Uint8Array.of(0x30, 0x03, 1, 2, 3) };

  test('no certificate, 17 of them, more than 16 KiB: malformed', async () => {
    const question: Question = { trusted: [root] };
    expect(await judge([], question)).toMatchObject({ ok: false, cause: 'malformed' });
    expect(await judge(new Array(17).fill(leaf), question)).toEqual(refused('malformed', '17'));
    const huge = { der: new Uint8Array(65_536) };
    expect(await judge([leaf, huge], question)).toEqual(refused('malformed', 'bytes'));
    const rest = { der: new Uint8Array(16_384 - leaf.der.length) };
    const more = { der: new Uint8Array(16_385 - leaf.der.length) };
    expect(await judge([leaf, rest], question)).toMatchObject({ cause: 'untrusted' });
    expect(await judge([leaf, more], question)).toEqual(refused('malformed', '16385 bytes'));
  });

  test('a broken first certificate is malformed, a broken further one is left out', async () => {
    expect(await judge([broken, leaf, middle], { trusted: [root] })).toMatchObject({
      cause: 'malformed',
    });
    expect(await judge([leaf, broken, middle], { trusted: [root] })).toMatchObject({ ok: true });
  });

  test('a sentence stays short and on one line, whatever the subject is', async () => {
    const peer = await selfSigned({ name: `CN=${'x'.repeat(3000)}\u001b[31m\nroot` });
    const verdict = await judge([peer], { trusted: [root] });
    if (verdict.ok) throw new Error('a stranger was accepted');
    expect(verdict.why.length).toBeLessThan(400);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(verdict.why).not.toMatch(/[\u0000-\u001f]/);
  });
});

describe.skipIf(!hasOpenssl)('the openssl command agrees', () => {
  const verify = (
    peer: LabCertificate,
    links: LabCertificate[],
    purpose: 'sslclient' | 'sslserver',
  ) =>
    openssl(
      { root: root.pem, links: bundle(root, ...links), peer: peer.pem },
      ...['verify', '-no-CApath', '-CAfile', 'root', '-untrusted', 'links'],
      ...['-purpose', purpose, '-attime', `${Date.parse('2026-06-01T12:00:00Z') / 1000}`, 'peer'],
    ) !== undefined;

  test.each<[string, CertificateOptions, CertificateOptions]>([
    ['a good one', {}, {}],
    ['an expired peer', {}, { notAfter: new Date('2025-01-01') }],
    ['an expired intermediate', { notAfter: new Date('2025-01-01') }, {}],
    ['a peer of another purpose', {}, { eku: ['emailProtection'] }],
    ['an intermediate that is none', { ca: false }, {}],
    ['an intermediate that may not sign', { keyUsage: ['cRLSign'] }, {}],
    ['an unknown critical extension', {}, { extensions: [unknownCritical()] }],
    ['RSA-PSS', { key: 'rsa2048' }, { pss: true }],
    ['Ed25519', { key: 'ed25519' }, { key: 'ed25519' }],
  ])('%s', async (_, caOptions, options) => {
    const ca = await makeCa({ name: 'CN=Between', ...caOptions }, root);
    const peer = await issue(ca, options);
    const verdict = await judge([peer, ca], { trusted: [root] });
    expect(verify(peer, [ca], 'sslclient')).toBe(verdict.ok);
  });
});
