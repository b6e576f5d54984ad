import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { webCertificate } from '../../../src/daemon/web-certificate.ts';

let folder: string;
const place = (kind: string) => ({
  cert: join(folder, `${kind}.crt`),
  key: join(folder, `${kind}.key`),
});
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ikev2-web-'));
  const { cert, key } = place('pem');
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=OpenWrt';
  execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const der = new X509Certificate(readFileSync(cert)).raw;
  for (const type of ['sec1', 'pkcs8'] as const) {
    writeFileSync(place(type).cert, der);
    const made = createPrivateKey(readFileSync(key)).export({ type, format: 'der' });
    writeFileSync(place(type).key, made);
  }
  writeFileSync(place('broken').cert, der);
  writeFileSync(place('broken').key, 'no key');
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(['pem', 'sec1', 'pkcs8'])(
  'the web server’s certificate is read with its key (%s)',
  (kind) => {
    const found = webCertificate(place(kind));
    expect(new X509Certificate(found?.cert ?? '').subject).toBe('CN=OpenWrt');
    expect(found?.key).toContain('BEGIN PRIVATE KEY');
  },
);

test('none is none, and neither is one without its key', () => {
  expect(webCertificate(place('nothing'))).toBe(undefined);
  expect(webCertificate(place('broken'))).toBe(undefined);
});
