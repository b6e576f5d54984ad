import { createHash, createPublicKey } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { fromText, toHex } from '../../../src/base/bytes.ts';
import { verifyChain } from '../../../src/pki/chain.ts';
import { verifySignature } from '../../../src/pki/keys.ts';
import { loadStore, type StoreFiles } from '../../../src/pki/store.ts';
import { formatIdentity } from '../../../src/policy/identity.ts';
import { formatProblem } from '../../../src/policy/problem.ts';
import { bundle, issue, type LabCertificate, makeCa } from '../../lab/pki.ts';
import { now } from './anchors.ts';

let root: LabCertificate;
let middle: LabCertificate;
let gateway: LabCertificate;
let disk: Record<string, Uint8Array | string>;
beforeAll(async () => {
  root = await makeCa({ name: 'CN=Home Root' });
  middle = await makeCa({ name: 'CN=Home Issuer' }, root);
  gateway = await issue(middle, { name: 'CN=gw', san: ['vpn.home.example'], eku: ['serverAuth'] });
  disk = { 'gw.pem': bundle(gateway, middle, root), 'gw.key': gateway.keyPem, 'ca.pem': root.pem };
});

const gw = { certificates: [{ name: 'gw', file: 'gw.pem', key: 'gw.key' }], authorities: [] };
const home = { certificates: [], authorities: [{ name: 'home', file: 'ca.pem' }] };

function load(files: StoreFiles, changes: typeof disk = {}, mode = 0o100600) {
  const present = { ...disk, ...changes };
  const readFile = (path: string): Uint8Array => {
    const content = present[path];
    if (content === undefined) throw failure('ENOENT');
    return typeof content === 'string' ? fromText(content) : Uint8Array.from(content);
  };
  return loadStore(files, readFile, { modeOf: () => mode, now: () => now });
}
const failure = (code: string) => Object.assign(new Error(`${code}: with a path`), { code });

describe('a store', () => {
  test('holds our certificate with its intermediates, without the root', () => {
    const { own, problems } = load(gw);
    expect(problems).toEqual([]);
    expect(own).toHaveLength(1);
    expect(own[0]).toMatchObject({ name: 'gw', keyId: 'gw', keyType: 'p256' });
    expect(own[0]?.chain.map(toHex)).toEqual([gateway.der, middle.der].map(toHex));
    expect(own[0]?.identities.map(formatIdentity)).toEqual(['CN=gw', 'vpn.home.example']);
  });

  test('signs with the key by its name, and with no other', () => {
    const { sign } = load(gw);
    const octets = fromText('octets');
    const signature = sign('gw', 'ecdsa-sha256', octets);
    const spki = new Uint8Array(gateway.certificate.publicKey.rawData);
    expect(verifySignature(spki, 'ecdsa-sha256', octets, signature ?? octets)).toBe(true);
    expect(sign('other', 'ecdsa-sha256', octets)).toBeUndefined();
    expect(sign('gw', 'rsa-sha256', octets)).toBeUndefined();
  });

  test('knows what was revoked here, and a missing list revokes nothing', () => {
    const line = `${'ab'.repeat(20)}:0102 2026-11-23T10:00:00Z anna-iphone\n`;
    const text = `# a comment\n\n${line}`;
    expect([...load({ ...home, revoked: 'revoked' }, { revoked: text }).revoked.keys()]).toEqual([
      `${'ab'.repeat(20)}:0102`,
    ]);
    expect(load({ ...home, revoked: 'revoked' })).toMatchObject({ problems: [] });
  });

  test('is refused where the list of revoked certificates is broken: nobody is welcome again', () => {
    const { problems } = load({ ...home, revoked: 'revoked' }, { revoked: '#\nanna\n' });
    expect(problems.map(formatProblem)).toEqual([
      'error: revoked: line 2 of revoked does not name a revoked certificate. Restore the file, or take that line out',
    ]);
  });

  test('lends its key to TLS by its name, a new copy each time', () => {
    const { exportKey } = load(gw);
    const [lent, other] = [exportKey('gw'), exportKey('gw')];
    lent?.fill(0);
    const spki = createPublicKey(Buffer.from(other ?? [])).export({ type: 'spki', format: 'der' });
    expect(toHex(spki)).toBe(toHex(new Uint8Array(gateway.certificate.publicKey.rawData)));
    expect(exportKey('other')).toBeUndefined();
  });

  test('trusts authorities, and knows our intermediates without trusting them', async () => {
    const { anchors, authorityHashes } = load({ ...home, certificates: gw.certificates });
    expect(authorityHashes).toHaveLength(1);
    expect(anchors.map(({ kind }) => kind)).toEqual(['intermediate', 'authority']);
    const anna = await issue(middle, { name: 'CN=anna' });
    expect(await verifyChain([anna.der], 'client', anchors, now, true)).toMatchObject({ ok: true });
    const alone = anchors.filter(({ kind }) => kind === 'intermediate');
    expect(await verifyChain([anna.der], 'client', alone, now, true)).toMatchObject({ ok: false });
  });

  test('asks for its authorities by SHA-1 of their keys, each once (pitfall 44)', () => {
    const { authorityHashes } = load(home, { 'ca.pem': `${root.pem}\n${middle.pem}\n${root.pem}` });
    const sha1 = ({ certificate }: LabCertificate) =>
      createHash('sha1').update(new Uint8Array(certificate.publicKey.rawData)).digest('hex');
    expect(authorityHashes.map(toHex)).toEqual([sha1(root), sha1(middle)]);
  });

  test('takes DER and a key file that holds certificates too', () => {
    const changes = { 'gw.pem': gateway.der, 'gw.key': `${gateway.pem}\n${gateway.keyPem}` };
    const { own, problems } = load(gw, changes);
    expect(problems).toEqual([]);
    expect(own[0]?.chain).toHaveLength(1);
  });

  test('wipes what it read of a key file', () => {
    const bytes = fromText(gateway.keyPem);
    const readFile = (path: string) => (path === 'gw.key' ? bytes : Uint8Array.from(gateway.der));
    const { own } = loadStore(gw, readFile, { modeOf: () => 0o600, now: () => now });
    expect(own).toHaveLength(1);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  test('one broken section leaves the others alone', () => {
    const lost = { name: 'lost', file: 'lost.pem', key: 'gw.key' };
    const { own, problems } = load({ ...gw, certificates: [lost, ...gw.certificates] });
    expect(own.map(({ name }) => name)).toEqual(['gw']);
    expect(problems).toHaveLength(1);
  });
});

describe('what is wrong is said with its place and its cure', () => {
  const onlyProblem = (files: StoreFiles, changes: typeof disk = {}, mode?: number) => {
    const store = load(files, changes, mode);
    expect(store.problems).toHaveLength(1);
    const [problem] = store.problems;
    if (!problem) throw new Error('no problem');
    return { store, problem, text: formatProblem(problem) };
  };

  test('a file that is not there', () => {
    const files = {
      certificates: [{ name: 'gw', file: 'gone.pem', key: 'gw.key' }],
      authorities: [],
    };
    const { problem, store } = onlyProblem(files);
    expect(problem).toMatchObject({
      section: "certificate 'gw'",
      option: 'file',
      severity: 'error',
    });
    expect(problem.why).toBe('there is no file gone.pem');
    expect(store.own).toEqual([]);
    expect(store.sign('gw', 'ecdsa-sha256', new Uint8Array())).toBeUndefined();
  });

  test.each([
    ['EACCES', 'may not be read', 'chmod 0600'],
    ['EISDIR', 'cannot be read (EISDIR)', 'path'],
  ])('a key that fails with %s', (code, why, cure) => {
    const readFile = (path: string) => {
      if (path === 'gw.key') throw failure(code);
      return Uint8Array.from(gateway.der);
    };
    const { problems } = loadStore(gw, readFile, { modeOf: () => 0o600, now: () => now });
    expect(problems).toEqual([
      expect.objectContaining({
        option: 'key',
        severity: 'error',
        why: expect.stringContaining(why),
        cure: expect.stringContaining(cure),
      }),
    ]);
  });

  test('a key of another certificate', async () => {
    const other = await issue(middle, {});
    const { text, store } = onlyProblem(gw, { 'gw.key': other.keyPem });
    expect(text).toMatch(
      /error: certificate 'gw', option 'key': the key does not belong to «CN=gw»/,
    );
    expect(store.own).toEqual([]);
  });

  test('a chain in the wrong order', () => {
    const { problem } = onlyProblem(gw, { 'gw.pem': bundle(middle, gateway) });
    expect(problem.why).toContain('belongs to «CN=gw», which is not the first');
    expect(problem.cure).toContain('own certificate first');
  });

  test('an encrypted key', () => {
    const pem =
      '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n';
    const { problem } = onlyProblem(gw, { 'gw.key': pem });
    expect(problem).toMatchObject({ option: 'key', severity: 'error' });
    expect(problem.why).toMatch(/^gw.key is encrypted/);
  });

  test.each([
    ['nothing', ''],
    ['a key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'],
    ['a broken certificate', '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----'],
  ])('an authority file with %s', (_, content) => {
    const { problem, store } = onlyProblem(home, { 'ca.pem': content });
    expect(problem).toMatchObject({
      section: "authority 'home'",
      option: 'file',
      severity: 'error',
    });
    expect(store.anchors).toEqual([]);
  });

  test('a certificate of ours that expired: it stays, with a warning', async () => {
    const notAfter = new Date('2026-05-01T00:00:00Z');
    const old = await issue(middle, { name: 'CN=gw', san: ['vpn.home.example'], notAfter });
    const { problem, store } = onlyProblem(gw, { 'gw.pem': old.der, 'gw.key': old.keyPem });
    expect(problem).toMatchObject({ option: 'file', severity: 'warning' });
    expect(problem.why).toBe('«CN=gw» expired on 2026-05-01 00:00 UTC');
    expect(store.own).toHaveLength(1);
  });

  test('an authority that expired', async () => {
    const old = await makeCa({ name: 'CN=Old', notAfter: new Date('2026-05-01T00:00:00Z') });
    const { text } = onlyProblem(home, { 'ca.pem': old.pem });
    expect(text).toMatch(/^warning: authority 'home'.*«CN=Old» expired/);
  });

  test('a certificate without subjectAltName', async () => {
    const bare = await issue(middle, { name: 'CN=vpn.home.example' });
    const { problem } = onlyProblem(gw, { 'gw.pem': bare.der, 'gw.key': bare.keyPem });
    expect(problem).toMatchObject({ option: 'file', severity: 'warning' });
    expect(problem.why).toContain('no subjectAltName');
  });

  test.each([
    [0o100644, true],
    [0o100640, true],
    [0o100604, true],
    [0o100600, false],
    [0o100400, false],
  ])('a key file of mode %o: warned %s', (mode, isWarned) => {
    const { problems } = load(gw, {}, mode);
    expect(problems).toHaveLength(isWarned ? 1 : 0);
    if (isWarned)
      expect(problems[0]).toMatchObject({
        option: 'key',
        severity: 'warning',
        cure: 'chmod 0600 gw.key',
      });
  });

  test('no problem tells what is in a key', () => {
    const { problems } = load(gw, {
      'gw.key': gateway.keyPem.replace('PRIVATE KEY-----\n', 'PRIVATE KEY-----\nAA'),
    });
    const line = gateway.keyPem.split('\n')[1] ?? '';
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain(line);
  });
});

test('the mode is the real file’s unless told otherwise', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ikev2-store-'));
  try {
    const [file, key] = [join(folder, 'gw.pem'), join(folder, 'gw.key')];
    writeFileSync(file, bundle(gateway, middle));
    writeFileSync(key, gateway.keyPem);
    const files = { certificates: [{ name: 'gw', file, key }], authorities: [] };
    chmodSync(key, 0o644);
    expect(loadStore(files, readFileSync).problems.map(({ option }) => option)).toEqual(['key']);
    chmodSync(key, 0o600);
    expect(loadStore(files, readFileSync).problems).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
