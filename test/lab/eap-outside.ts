// What stands around EAP methods in a test, in place of the daemon: real TLS, real certificates, and the time of day.
import type { Answer, Question, TlsRef } from '../../src/ike/core.ts';
import type { Steps } from '../../src/ike/steps.ts';
import { readCertificate } from '../../src/pki/certificate.ts';
import { type Anchor, verifyChain } from '../../src/pki/chain.ts';
import type { OwnCertificate } from '../../src/policy/policy.ts';
import { TlsSessions } from '../../src/tls/sessions.ts';
import type { LabCertificate } from './pki.ts';

export class EapOutside {
  readonly sessions = new TlsSessions(() => () => {});
  readonly #anchors: readonly Anchor[];
  readonly #own: readonly LabCertificate[];

  /** @param own certificates whose private keys are here */
  constructor(trusted: readonly LabCertificate[], own: readonly LabCertificate[]) {
    this.#anchors = trusted.map(anchor);
    this.#own = own;
  }

  readonly closeTls = (tls: TlsRef): void => this.sessions.close(tls);

  /** Runs steps that only ask. */
  async run<T>(steps: Steps<T>): Promise<T> {
    let next = steps.next();
    while (!next.done) {
      if (next.value.kind !== 'ask') throw new Error(`a step of kind ${next.value.kind}`);
      next = steps.next(await this.#answer(next.value.question));
    }
    return next.value;
  }

  async #answer(question: Question): Promise<Answer> {
    switch (question.kind) {
      case 'openTls':
        return this.sessions.open(question.opening, (name) => {
          const own = this.#own.find(({ pem }) => pem === name);
          return own && Buffer.from(own.keyPem);
        });
      case 'tls':
        return this.sessions.step(question.tls, question.records, question.data);
      case 'exportTls':
        return this.sessions.export(question.tls, question);
      case 'verifyChain':
        return verifyChain(question.chain, question.purpose, this.#anchors, new Date(), true);
      default:
        throw new Error(`nobody answers ${question.kind}`);
    }
  }
}

/** Our certificate as the policy has it; its name for the key is its own text. */
export const ownOf = (
  leaf: LabCertificate,
  ...rest: readonly LabCertificate[]
): OwnCertificate => ({
  name: 'own',
  keyId: leaf.pem,
  keyType: 'p256',
  chain: [leaf, ...rest].map(({ der }) => der),
  identities: [],
});

function anchor({ der }: LabCertificate): Anchor {
  const reading = readCertificate(der);
  if (!reading.ok) throw new Error(reading.why);
  return { certificate: reading.certificate, kind: 'authority' };
}
