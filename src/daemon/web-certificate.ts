// The certificate of the router's web server, so that a page that came by https may ask us by wss.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface WebCertificate {
  /** PEM, as is the key. */
  readonly cert: string;
  readonly key: string;
}

/** @returns undefined where there is none, or none that can be used: then only pages that came by http can ask */
export function webCertificate(place: WebCertificatePlace = uhttpd): WebCertificate | undefined {
  try {
    const cert = new X509Certificate(readFileSync(place.cert)).toString();
    return { cert, key: readKey(readFileSync(place.key)) };
  } catch {
    return undefined;
  }
}

export interface WebCertificatePlace {
  readonly cert: string;
  readonly key: string;
}
const uhttpd: WebCertificatePlace = { cert: '/etc/uhttpd.crt', key: '/etc/uhttpd.key' };

/** uhttpd's are in DER on some routers, in PEM on others. */
function readKey(bytes: Buffer): string {
  if (bytes.includes('-----BEGIN')) return toPem({ key: bytes, format: 'pem' });
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    try {
      return toPem({ key: bytes, format: 'der', type });
    } catch {
      // Of another type, or of none: the last try tells.
    }
  }
  throw new Error('no private key');
}

const toPem = (input: Parameters<typeof createPrivateKey>[0]): string =>
  `${createPrivateKey(input).export({ type: 'pkcs8', format: 'pem' })}`;
