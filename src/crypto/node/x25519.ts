// X25519 (RFC 7748, in IKEv2 by RFC 8031) of node:crypto. Keys go in and out as JWK: as DER, OpenSSL 3 takes ten times
// as long to read one as to use it (0.51 ms against 0.05 ms). The price is a string with the private key, which
// nobody can wipe and the garbage collector soon reuses; the key serves one exchange only.
import { createPrivateKey, createPublicKey, diffieHellman as derive } from 'node:crypto';
import { invariant } from '../../base/invariant.ts';
import { Secret } from '../../base/secret.ts';
import { diffieHellman } from '../exchange.ts';
import { BadPublicValue } from '../primitives.ts';
import { plain } from './plain.ts';

export const nodeX25519 = diffieHellman({
  valueBytes: 32,
  generate(rng) {
    const scalar = new Secret(rng(32));
    const privateKey = createPrivateKey(jwk({ d: base64url(scalar.bytes), x: '' })); // x follows from d
    const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
    invariant(x, 'an X25519 key has a public half');
    return {
      value: Uint8Array.from(Buffer.from(x, 'base64url')),
      agree(theirs) {
        const publicKey = createPublicKey(jwk({ x: base64url(theirs) }));
        try {
          return plain(derive({ privateKey, publicKey }));
        } catch {
          // Both keys are right by now; what is left is a point of small order (RFC 7748 §6.1, RFC 8031 §5).
          throw new BadPublicValue('the X25519 value has small order');
        }
      },
      wipe: () => scalar.wipe(),
    };
  },
});

const jwk = (numbers: { readonly d?: string; readonly x: string }) => ({
  key: { kty: 'OKP', crv: 'X25519', ...numbers },
  format: 'jwk' as const,
});

const base64url = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
