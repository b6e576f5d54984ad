// Certificates and what belongs to them: whatever the bytes are, a reader says that it cannot read them, and never
// takes long for it.
import { randomBytes } from 'node:crypto';
import { concat, equal, fromText } from '../../../src/base/bytes.ts';
import { readCertificate } from '../../../src/pki/certificate.ts';
import { isCrlOf, readCrl, statusIn } from '../../../src/pki/crl.ts';
import { NotDer, readElement } from '../../../src/pki/der.ts';
import { walk } from '../../../src/pki/der-read.ts';
import * as der from '../../../src/pki/der-write.ts';
import { readPrivateKey } from '../../../src/pki/keys.ts';
import { describe, provenIdentities } from '../../../src/pki/names.ts';
import { ocspAnswer } from '../../../src/pki/ocsp.ts';
import { readCertificateFile } from '../../../src/pki/pem.ts';
import { looksLikePkcs12, readPkcs12, writePkcs12 } from '../../../src/pki/pkcs12.ts';
import { readRevoked } from '../../../src/pki/revoked.ts';
import { pathFault } from '../../../src/pki/rules.ts';
import { readPublicKey } from '../../../src/pki/spki.ts';
import { formatDn } from '../../../src/policy/dn.ts';
import { issue, makeCa } from '../../lab/pki.ts';
import { mayFail } from '../input.ts';
import type { Target } from '../target.ts';

const ca = await makeCa({ key: 'p256' });
const anna = await issue(ca, {
  key: 'p256',
  name: 'C=CH, O=Home, CN=anna',
  san: ['anna@example.org', 'vpn.example.org', '10.0.0.1', 'https://vpn.example.org'],
  eku: ['clientAuth', 'ipsecIKE'],
});
const now = new Date();
const passphrase = 'kuhu-7wx4-mnpq';
const read = (bytes: Uint8Array) => {
  const reading = readCertificate(bytes);
  if (!reading.ok) throw new Error(reading.why);
  return reading.certificate;
};
const [issuer, leaf] = [read(ca.der), read(anna.der)];

const readers: readonly ((bytes: Uint8Array) => void)[] = [
  certificate,
  (bytes) => {
    const reading = readCrl(bytes);
    if (!reading.ok) return;
    isCrlOf(reading.crl, issuer);
    statusIn(reading.crl, leaf, now);
  },
  (bytes) => ocspAnswer(bytes, leaf, issuer, { now, nonce: new Uint8Array(16) }),
  (bytes) => {
    looksLikePkcs12(bytes);
    readPkcs12(bytes, passphrase);
  },
  (bytes) => readPrivateKey(bytes, passphrase),
  (bytes) => readPublicKey(bytes),
  (bytes) => readCertificateFile(bytes),
  (bytes) => formatDn(bytes),
  (bytes) => readRevoked(Buffer.from(bytes).toString()),
  elements,
];

export const pki: Target = {
  run([what = 0, ...bytes]) {
    readers[what % readers.length]?.(Uint8Array.from(bytes));
  },
  seeds: () =>
    [
      [0, anna.der],
      [0, ca.der],
      [3, file('legacy')],
      [3, file('modern')],
      [4, fromText(anna.keyPem)],
      [5, leaf.spki],
      [6, fromText(anna.pem)],
      [7, leaf.subject],
      [9, anna.der],
    ].map(([what, bytes]) => concat(Uint8Array.of(what as number), bytes as Uint8Array)),
  words: [
    ...[0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x17, 0x30, 0x31, 0x80, 0xa0, 0xa3].map((tag) =>
      Uint8Array.of(tag, 0x81, 0x80),
    ),
    ...['-----BEGIN CERTIFICATE-----', '-----BEGIN PRIVATE KEY-----'],
  ],
};

function certificate(bytes: Uint8Array): void {
  const reading = readCertificate(bytes);
  if (!reading.ok) return;
  const found = reading.certificate;
  describe(found);
  provenIdentities(found);
  pathFault([found, issuer], 'client', { now, plausible: true });
}

/** Both readers of DER agree on what the outer element is. */
function elements(bytes: Uint8Array): void {
  const element = mayFail([NotDer], () => readElement(bytes));
  const [first] = mayFail([NotDer], () => [...walk(bytes)]) ?? [];
  if (!element) return;
  if (!first || first.tag !== element.tag || !equal(first.body, element.body)) {
    throw new Error('two readers, two opinions');
  }
}

/** Without the checksum over all of it, so that a change gets further. */
function file(form: 'legacy' | 'modern'): Uint8Array {
  const reading = readPrivateKey(fromText(anna.keyPem));
  if (!reading.ok) throw new Error(reading.why);
  const contents = { key: reading.key, chain: [anna.der], name: 'anna' };
  const whole = writePkcs12(contents, passphrase, form, (n) => new Uint8Array(randomBytes(n)));
  const [version, safe] = readElement(whole).parts;
  return der.sequence(version?.der ?? der.nothing(), safe?.der ?? der.nothing());
}
