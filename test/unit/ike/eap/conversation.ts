// A server and a peer of one EAP method, or one of them against a script, with real TLS between them and real
// certificates. What they ask is answered as the daemon does.
import type { Answer, Question, TlsRef } from '../../../../src/ike/core.ts';
import type { EapEnd, EapMethod, EapStep } from '../../../../src/ike/eap/method.ts';
import type { Steps } from '../../../../src/ike/steps.ts';
import { TlsSessions } from '../../../../src/tls/sessions.ts';
import type { LabCertificate } from '../../../lab/pki.ts';
import { judge } from '../../pki/anchors.ts';

/** Answers questions as a daemon that trusts `trusted` and holds the keys of `own`. */
export class Outside {
  readonly sessions = new TlsSessions(() => () => {});
  readonly #trusted: readonly LabCertificate[];
  readonly #own: readonly LabCertificate[];

  constructor(trusted: readonly LabCertificate[], own: readonly LabCertificate[]) {
    this.#trusted = trusted;
    this.#own = own;
  }

  readonly closeTls = (tls: TlsRef): void => this.sessions.close(tls);

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
      case 'verifyChain': {
        const { chain, purpose } = question;
        return judge(
          chain.map((der) => ({ der })),
          { trusted: this.#trusted, purpose },
        );
      }
      default:
        throw new Error(`nobody answers ${question.kind}`);
    }
  }
}

/** Our certificate as the policy has it; its name for the key is its own text. */
export const ownOf = (leaf: LabCertificate, ...rest: readonly LabCertificate[]) => ({
  name: 'own',
  keyId: leaf.pem,
  keyType: 'p256' as const,
  chain: [leaf, ...rest].map(({ der }) => der),
  identities: [],
});

export interface Ended {
  readonly server: EapEnd | undefined;
  readonly peer: EapEnd | undefined;
  /** Packets in both directions. */
  readonly packets: readonly Uint8Array[];
}

/**
 * Lets them talk until one ends, or falls silent.
 * @param tamper changes what travels: `at` counts packets from 0, which is the server's start
 */
export async function converse(
  outside: Outside,
  server: EapMethod,
  peer: EapMethod,
  tamper: (data: Uint8Array, at: number) => Uint8Array = (data) => data,
): Promise<Ended> {
  const packets: Uint8Array[] = [];
  let ofPeer: EapEnd | undefined;
  let step: EapStep = await outside.run(server.begin(1));
  for (let id = 1; step.kind === 'send' && id < 400; id++) {
    const asked = tamper(step.data, packets.length);
    packets.push(asked);
    const answer = await outside.run(peer.receive(asked, id));
    if (answer.kind === 'end') return { server: undefined, peer: answer.end, packets };
    ofPeer = answer.end ?? ofPeer;
    const said = tamper(answer.data, packets.length);
    packets.push(said);
    step = await outside.run(server.receive(said, id + 1));
  }
  return { server: step.kind === 'end' ? step.end : undefined, peer: ofPeer, packets };
}
