// Certificates in a file: one in DER, or any number in PEM (RFC 7468) with whatever text between them.
import { X509Certificate } from 'node:crypto';

/** @returns DER of each certificate in its order; empty where there is none, undefined where one is garbled */
export function readCertificateFile(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const isDer = bytes[0] === 0x30;
  if (isDer) return [bytes];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const [, ...blocks] = text.split(begin);
  try {
    return blocks.map((block) => new Uint8Array(new X509Certificate(begin + block).raw));
  } catch {
    return undefined;
  }
}

/** One certificate in PEM. */
export function certificatePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `${[begin, ...lines, end].join('\n')}\n`;
}

const begin = '-----BEGIN CERTIFICATE-----';
const end = '-----END CERTIFICATE-----';
