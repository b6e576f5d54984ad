// Certificate Request payload (RFC 7296 §3.7).
import { CertEncoding } from '../../iana/authentication.ts';
import { type Codec, WireError } from '../codec.ts';

export interface CertReq {
  /** One of CertEncoding. */
  readonly encoding: number;
  /** For X.509: SHA-1 hashes of the SubjectPublicKeyInfo of trusted authorities, one after the other. */
  readonly data: Uint8Array;
}

/** Certificate Request payload (RFC 7296 §3.7). No hash at all is legal: any authority will do. */
export const certReq: Codec<CertReq> = {
  decode(r) {
    const encoding = r.u8();
    const at = r.offset;
    const data = r.rest();
    if (encoding === CertEncoding.X509_SIGNATURE && data.length % hashBytes !== 0) {
      throw new WireError('Certification Authority', at, `${data.length} bytes are no hashes`);
    }
    return { encoding, data };
  },
  encode(w, { encoding, data }) {
    w.u8(encoding);
    w.bytes(data);
  },
};

const hashBytes = 20;
