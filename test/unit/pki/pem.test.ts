import { createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { fromText, toHex } from '../../../src/base/bytes.ts';
import { readCertificateFile } from '../../../src/pki/pem.ts';
import { issue, type LabCertificate, makeCa } from '../../lab/pki.ts';
import { certificateOf } from './anchors.ts';

let ca: LabCertificate;
let leaf: LabCertificate;
beforeAll(async () => {
  ca = await makeCa();
  leaf = await issue(ca);
});

describe('certificate files', () => {
  const bundleFile = '/etc/ssl/certs/ca-certificates.crt';
  const isAbsent = !existsSync(bundleFile);
  const why = isAbsent ? ' (skipped: no such file here)' : '';

  test.skipIf(isAbsent)(`every root that the system trusts can be read${why}`, () => {
    const ders = readCertificateFile(readFileSync(bundleFile)) ?? [];
    expect(ders.length).toBeGreaterThan(50);
    for (const der of ders) {
      const read = certificateOf(der);
      const node = new X509Certificate(der);
      expect(read.extensions.isCa).toBe(node.ca);
      expect(read.notAfter.getTime()).toBe(Date.parse(node.validTo));
      const key = createPublicKey({ key: Buffer.from(read.spki), format: 'der', type: 'spki' });
      expect(key.equals(node.publicKey)).toBe(true);
    }
  });

  test('PEM with text around, several blocks and CRLF is read in its order', () => {
    const file = fromText(
      `subject=x\r\n${leaf.pem.replaceAll('\n', '\r\n')}\r\nnoise\r\n${ca.pem}`,
    );
    expect(readCertificateFile(file)?.map(toHex)).toEqual([leaf.der, ca.der].map(toHex));
  });

  test('DER is taken as it is', () => {
    expect(readCertificateFile(leaf.der)?.map(toHex)).toEqual([toHex(leaf.der)]);
  });

  test.each([
    ['a block without an end', '-----BEGIN CERTIFICATE-----\nAAAA\n'],
    ['a block that is not base64', '-----BEGIN CERTIFICATE-----\nAA!A\n-----END CERTIFICATE-----'],
    ['an empty block', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----'],
  ])('%s is garbled', (_, text) => expect(readCertificateFile(fromText(text))).toBeUndefined());

  test('other PEM holds no certificate', () => {
    expect(readCertificateFile(fromText(leaf.keyPem))).toEqual([]);
  });
});
