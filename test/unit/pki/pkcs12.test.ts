// PKCS#12 in both forms, against openssl in both directions.
import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { fromText } from '../../../src/base/bytes.ts';
import { exportPrivateKey, type PrivateKey, readPrivateKey } from '../../../src/pki/keys.ts';
import { readPkcs12, writePkcs12 } from '../../../src/pki/pkcs12.ts';
import { hasOpenssl, openssl } from '../../lab/openssl.ts';
import { issue, type LabCertificate, makeCa } from '../../lab/pki.ts';

const random = (bytes: number) => new Uint8Array(randomBytes(bytes));
const passphrase = 'kuhu-7wx4-mnpq';
const pemOf = (one: PrivateKey) => `${Buffer.from(exportPrivateKey(one))}`;
const forms = [['legacy'], ['modern']] as const;

let ca: LabCertificate;
let anna: LabCertificate;
let key: PrivateKey;
beforeAll(async () => {
  ca = await makeCa();
  anna = await issue(ca, { key: 'rsa2048' });
  const reading = readPrivateKey(fromText(anna.keyPem));
  if (!reading.ok) throw new Error(reading.why);
  key = reading.key;
});
const contents = () => ({ key, chain: [anna.der, ca.der], name: 'anna-iphone' });

describe.each(forms)('the %s form', (form) => {
  test('gives back what went in', () => {
    const file = writePkcs12(contents(), passphrase, form, random);
    const reading = readPkcs12(file, passphrase);

    expect(reading).toMatchObject({ ok: true, certificates: [anna.der, ca.der] });
    expect(reading.ok && pemOf(reading.key)).toBe(pemOf(key));
  });

  test.runIf(hasOpenssl)('opens with openssl, key, chain and name', () => {
    const file = writePkcs12(contents(), passphrase, form, random);
    const open = (...args: string[]) =>
      `${openssl({ 'a.p12': file }, 'pkcs12', '-in', 'a.p12', '-passin', `pass:${passphrase}`, '-nodes', ...args)}`;

    expect(open('-nocerts')).toContain('friendlyName: anna-iphone');
    expect(open('-nocerts').replace(/[\s\S]*?-----BEGIN/, '-----BEGIN')).toBe(pemOf(key));
    expect(open('-nokeys').match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(open('-clcerts', '-nokeys')).toContain(anna.pem.split('\n')[1]);
  });

  test('tells nothing with another passphrase', () => {
    const file = writePkcs12(contents(), passphrase, form, random);

    expect(readPkcs12(file, 'kuhu-7wx4-mnpr')).toEqual({
      ok: false,
      why: 'the passphrase is wrong, or the file is damaged',
    });
  });

  test('is refused in words where it is cut, and where it is bent never says anything else', () => {
    const file = writePkcs12(contents(), passphrase, form, random);
    const whole = readPkcs12(file, passphrase);
    for (let at = 0; at < file.length; at += 1 + (at >> 3)) {
      expect(readPkcs12(file.subarray(0, at), passphrase).ok).toBe(false);
      const bent = Uint8Array.from(file);
      bent[at] = (bent[at] ?? 0) ^ 0x11;
      const reading = readPkcs12(bent, passphrase);
      if (reading.ok) expect(reading).toEqual(whole);
    }
  });
});

describe.runIf(hasOpenssl)('files of openssl', () => {
  test.each([
    ['once', '2000000'],
    ['in all its parts together', '260000'],
  ])('that want absurdly much work %s are refused', (_, iterations) => {
    const file = made('-certpbe', 'PBE-SHA1-3DES', '-iter', iterations);

    expect(readPkcs12(file, passphrase)).toEqual({
      ok: false,
      why: 'it wants an absurd number of iterations',
    });
  });

  const made = (...args: string[]) =>
    openssl(
      { 'a.pem': anna.pem, 'ca.pem': ca.pem, 'a.key': anna.keyPem },
      ...['pkcs12', '-export', '-in', 'a.pem', '-inkey', 'a.key', '-certfile', 'ca.pem'],
      ...['-passout', `pass:${passphrase}`, ...args],
    ) ?? new Uint8Array();

  test.each([
    ['of today', []],
    ['with 3DES', ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
    [
      'with AES-128 and SHA-512',
      ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC', '-macalg', 'sha512'],
    ],
    ['with certificates in the clear', ['-certpbe', 'NONE']],
    ['without a checksum', ['-nomac']],
  ])('%s can be read', (_, args) => {
    const reading = readPkcs12(made(...args), passphrase);

    expect(reading).toMatchObject({ ok: true });
    expect(reading.ok && reading.certificates).toEqual(
      expect.arrayContaining([anna.der, ca.der].map((der) => new Uint8Array(der))),
    );
  });
});
