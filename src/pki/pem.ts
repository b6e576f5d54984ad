// Certificates in a file: one in DER, or any number in PEM (RFC 7468) with whatever text between them.

/** @returns DER of each certificate in its order; empty where there is none, undefined where one is garbled */
export function readCertificateFile(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const isDer = bytes[0] === 0x30;
  if (isDer) return [bytes];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const found: Uint8Array[] = [];
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at + begin.length)) {
    const stop = text.indexOf(end, at);
    const base64 = text.slice(at + begin.length, stop).replace(/\s+/g, '');
    if (stop < 0 || base64 === '' || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return undefined;
    found.push(new Uint8Array(Buffer.from(base64, 'base64')));
  }
  return found;
}

const begin = '-----BEGIN CERTIFICATE-----';
const end = '-----END CERTIFICATE-----';
