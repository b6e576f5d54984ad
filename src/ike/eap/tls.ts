// EAP-TLS (RFC 5216, RFC 9190): both sides prove themselves by certificates, inside TLS.
import { toText } from '../../base/bytes.ts';
import { EapType } from '../../iana/eap.ts';
import { type Identity, sameIdentity, userIdentity } from '../../policy/identity.ts';
import type { Steps } from '../steps.ts';
import type {
  EapEnd,
  EapMethod,
  EapMethodRow,
  EapStep,
  PeerSetting,
  ServerSetting,
} from './method.ts';
import { failure, noOwnCertificate, openingOf, TlsTalk } from './tls-talk.ts';

export const tls: EapMethodRow = {
  name: 'eap-tls',
  type: EapType.TLS,
  isMutual: true,
  makesKey: true,
  server: (setting) => new TlsServer(setting),
  peer: (setting) => new TlsPeer(setting),
};

class TlsServer implements EapMethod {
  readonly #talk: TlsTalk | undefined;
  readonly #claimed: Identity;
  #isWaiting = false;

  constructor(setting: ServerSetting) {
    const opening = openingOf(setting, { wantsCertificate: true });
    this.#talk = opening && new TlsTalk({ setting, opening, type: EapType.TLS });
    this.#claimed = userIdentity(toText(setting.identity));
  }

  // biome-ignore lint/correctness/useYield: nothing has to be asked
  *begin(): Steps<EapStep> {
    return this.#talk?.start() ?? noOwnCertificate;
  }

  *receive(data: Uint8Array): Steps<EapStep> {
    if (!this.#talk) return noOwnCertificate;
    const step = yield* this.#talk.receive(data);
    if (step.kind !== 'heard') return step;
    if (step.data.length > 0) return failure('there was talk inside EAP-TLS');
    if (!this.#talk.identities)
      return failure('the peer showed no certificate inside TLS', chooseOne, 'certificate-missing');
    if (this.#isWaiting) {
      const identities = claimedFirst(this.#talk.identities, this.#claimed);
      return { kind: 'end', end: yield* success(this.#talk, identities) };
    }
    // The peer has the last word, and may yet refuse us: with TLS 1.2 after our Finished, with TLS 1.3 after our
    // promise to say nothing more (RFC 9190 §2.1.1).
    this.#isWaiting = true;
    return yield* this.#talk.say(this.#talk.established === '1.3' ? commitment : none);
  }

  wipe(): void {
    this.#talk?.close();
  }
}

class TlsPeer implements EapMethod {
  readonly #talk: TlsTalk;
  #isProven = false;

  constructor(setting: PeerSetting) {
    const { certificate: own, serverId } = setting;
    const opening = { role: 'client', own } as const;
    this.#talk = new TlsTalk({ setting, opening, type: EapType.TLS, serverId });
  }

  // biome-ignore lint/correctness/useYield: nothing has to be asked
  *begin(): Steps<EapStep> {
    return failure('a peer does not begin');
  }

  *receive(data: Uint8Array): Steps<EapStep> {
    const step = yield* this.#talk.receive(data);
    if (step.kind !== 'heard') return step;
    if (this.#isProven) return failure('the server went on after the end of EAP-TLS');
    const isSilent = step.data.length === 0;
    if (this.#talk.established === '1.2') {
      if (!isSilent) return failure('there was talk inside EAP-TLS');
      return yield* this.#conclude();
    }
    // Tickets may come on their own; only the promise says that the server believes us.
    if (isSilent) return yield* this.#talk.say(none);
    if (step.data.length > 1 || step.data[0] !== 0) return failure('there was talk inside EAP-TLS');
    return yield* this.#conclude();
  }

  wipe(): void {
    this.#talk.close();
  }

  *#conclude(): Steps<EapStep> {
    this.#isProven = true;
    const end = yield* success(this.#talk, this.#talk.identities ?? []);
    const step = yield* this.#talk.say(none);
    return step.kind === 'send' ? { ...step, end } : step;
  }
}

/** The name that the peer goes by counts where its certificate proves it; else its first does. */
function claimedFirst(proven: readonly Identity[], claimed: Identity): readonly Identity[] {
  const isClaimed = (identity: Identity): boolean => sameIdentity(identity, claimed);
  return [...proven.filter(isClaimed), ...proven.filter((identity) => !isClaimed(identity))];
}

function* success(talk: TlsTalk, identities: readonly Identity[]): Steps<EapEnd> {
  const msk = yield* talk.key('client EAP encryption');
  if (!msk) return { kind: 'failure', why: 'TLS gave no keys in time' };
  return { kind: 'success', outcome: { identities, msk, certificate: talk.certificate } };
}

const none = new Uint8Array(0);
/** The octet 0x00 as application data: no more handshake messages will come (RFC 9190 §2.1.1). */
const commitment = Uint8Array.of(0);
const chooseOne = 'Install a certificate on the device, and choose it for this connection.';
