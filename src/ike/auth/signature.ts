// Authentication by a signature: methods 1 and 9–11 (RFC 7296 §3.8, RFC 4754) and 14 (RFC 7427). The key and
// the mathematics are outside; this file decides what is asked of them.
import { AuthMethod } from '../../iana/authentication.ts';
import type { Auth } from '../../wire/payloads/auth.ts';
import { peerHashes } from '../extensions/signature-hash.ts';
import { ask } from '../steps.ts';
import type { Authenticator } from './authenticator.ts';
import {
  chooseScheme,
  type DigitalSignature,
  decodeDigitalSignature,
  encodeDigitalSignature,
  fitsKey,
  schemeOfMethod,
} from './schemes.ts';

export const signature: Authenticator<'pubkey'> = {
  methods: [
    AuthMethod.RSA_SIGNATURE,
    AuthMethod.ECDSA_SHA256_P256,
    AuthMethod.ECDSA_SHA384_P384,
    AuthMethod.ECDSA_SHA512_P521,
    AuthMethod.DIGITAL_SIGNATURE,
  ],
  *prove(sa, octets, { keyId, keyType }) {
    const choice = chooseScheme(keyType, peerHashes(sa));
    if (!choice) return undefined;
    const { method, scheme } = choice;
    const made = yield* ask('sign', { keyId, scheme, octets });
    if (!made) return undefined;
    const isDigital = method === AuthMethod.DIGITAL_SIGNATURE;
    return { method, data: isDigital ? encodeDigitalSignature(scheme, made) : made };
  },
  *check(_sa, octets, theirs, { spki, keyType }) {
    const read = readSignature(theirs);
    if (!read || !fitsKey(read.scheme, keyType)) return false;
    return (yield* ask('verify', { spki, octets, ...read })) === true;
  },
};

function readSignature({ method, data }: Auth): DigitalSignature | undefined {
  if (method === AuthMethod.DIGITAL_SIGNATURE) return decodeDigitalSignature(data);
  const scheme = schemeOfMethod(method);
  return scheme && { scheme, signature: data };
}
