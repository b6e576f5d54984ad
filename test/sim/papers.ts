// Certificates for simulations, and the answers of a daemon that has them: the mathematics is real, and an authority
// is trusted because it made the certificate.
import { fromText } from '../../src/base/bytes.ts';
import type { Answer, ChainVerdict, Question, Scheme } from '../../src/ike/core.ts';
import { readCertificate } from '../../src/pki/certificate.ts';
import { readPrivateKey, signWith, verifySignature } from '../../src/pki/keys.ts';
import { provenIdentities } from '../../src/pki/names.ts';
import type { OwnCertificate } from '../../src/policy/policy.ts';
import {
  type CertificateOptions,
  issue,
  type LabCertificate,
  type LabKey,
  makeCa,
} from '../lab/pki.ts';
import { pool } from './household.ts';
import { present } from './pick.ts';
import type { Ports } from './world.ts';

/** Answers to `sign`, `verify` and `verifyChain`, and what `others` answers. */
export interface PaperPorts extends Ports {
  /** Whatever was signed with, in order. */
  readonly schemes: readonly Scheme[];
}

export class Papers {
  readonly authority: LabCertificate;
  readonly #certificates = new Map<string, LabCertificate>();

  private constructor(authority: LabCertificate) {
    this.authority = authority;
  }

  static async issue(wanted: Readonly<Record<string, CertificateOptions>>): Promise<Papers> {
    const papers = new Papers(await makeCa({ key: 'p256' }));
    for (const [name, options] of Object.entries(wanted)) {
      papers.#certificates.set(name, await issue(papers.authority, options));
    }
    return papers;
  }

  of(name: string): LabCertificate {
    return present(this.#certificates.get(name), `certificate ${name}`);
  }

  /** As a policy lists it. @param keyId another one's key, for a thief */
  own(name: string, keyId = name): OwnCertificate {
    const { der, key } = this.of(name);
    const reading = readCertificate(der);
    if (!reading.ok) throw new Error(reading.why);
    const identities = provenIdentities(reading.certificate);
    return { name, keyId, keyType: keyType(key), chain: [der], identities };
  }

  ports(
    judge: (verdict: ChainVerdict) => ChainVerdict = (verdict) => verdict,
    others: Ports = pool(['10.3.0.2']),
  ): PaperPorts {
    const schemes: Scheme[] = [];
    const answer = (question: Question): Answer | 'never' => {
      switch (question.kind) {
        case 'verifyChain':
          return judge(this.#verdictOn(question.chain[0]));
        case 'verify':
          return verifySignature(
            question.spki,
            question.scheme,
            question.octets,
            question.signature,
          );
        case 'sign':
          schemes.push(question.scheme);
          return this.#sign(question.keyId, question.scheme, question.octets);
        default:
          return others(question);
      }
    };
    return Object.assign(answer, { schemes });
  }

  #sign(keyId: string, scheme: Scheme, octets: Uint8Array): Uint8Array {
    const reading = readPrivateKey(fromText(this.of(keyId).keyPem));
    if (!reading.ok) throw new Error(reading.why);
    return signWith(reading.key, scheme, octets);
  }

  #verdictOn(der: Uint8Array | undefined): ChainVerdict {
    const found = [...this.#certificates.values()].find((one) => one.der.join() === der?.join());
    if (!found) return { ok: false, cause: 'untrusted', why: 'a stranger' };
    const reading = readCertificate(found.der);
    if (!reading.ok) return { ok: false, cause: 'malformed', why: reading.why };
    const spki = new Uint8Array(found.certificate.publicKey.rawData);
    const identities = provenIdentities(reading.certificate);
    return { ok: true, spki, keyType: keyType(found.key), identities };
  }
}

const keyType = (key: LabKey): OwnCertificate['keyType'] =>
  key === 'rsa1024' || key === 'rsa2048' ? 'rsa' : key;
