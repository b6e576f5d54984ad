// EAP-GTC (RFC 3748 §5.6): the server asks for a password and gets it in the clear. No keys, and no proof of the
// server: its certificate in IKE_AUTH, or a TLS tunnel around it, has to be there first.
import { equal, fromText } from '../../base/bytes.ts';
import { ntHash } from '../../crypto/nt-hash.ts';
import { EapType } from '../../iana/eap.ts';
import type { Steps } from '../steps.ts';
import type { EapMethod, EapMethodRow, EapStep, PeerSetting, ServerSetting } from './method.ts';

export const gtc: EapMethodRow = {
  name: 'eap-gtc',
  type: EapType.GTC,
  isMutual: false,
  makesKey: false,
  server: (setting) => new GtcServer(setting),
  peer: (setting) => new GtcPeer(setting),
};

class GtcServer implements EapMethod {
  readonly #setting: ServerSetting;

  constructor(setting: ServerSetting) {
    this.#setting = setting;
  }

  // biome-ignore lint/correctness/useYield: nothing has to be asked
  *begin(): Steps<EapStep> {
    return { kind: 'send', data: fromText('Password') };
  }

  *receive(data: Uint8Array): Steps<EapStep> {
    const hash = ntHash(data.subarray(0, longestPassword));
    const login = yield* this.#setting.login(this.#setting.identity, (known) =>
      equal(known, hash) ? true : undefined,
    );
    hash.fill(0);
    if (!login.ok) return { kind: 'end', end: { kind: 'failure', ...login } };
    const { identity, grant } = login;
    const outcome = { identities: [identity], msk: undefined, grant };
    return { kind: 'end', end: { kind: 'success', outcome } };
  }

  wipe(): void {}
}

class GtcPeer implements EapMethod {
  readonly #setting: PeerSetting;

  constructor(setting: PeerSetting) {
    this.#setting = setting;
  }

  // biome-ignore lint/correctness/useYield: nothing has to be asked
  *begin(): Steps<EapStep> {
    return failure('a peer does not begin');
  }

  // biome-ignore lint/correctness/useYield: nothing has to be asked
  *receive(): Steps<EapStep> {
    const { isServerProven, password } = this.#setting;
    if (!isServerProven) return failure('the server asks for a password before it proved itself');
    if (!password) return failure('we have no password for this server');
    const end = { kind: 'success', outcome: { identities: [], msk: undefined } } as const;
    return { kind: 'send', data: password.bytes.slice(), end };
  }

  wipe(): void {}
}

const failure = (why: string): EapStep => ({ kind: 'end', end: { kind: 'failure', why } });

/** More is no password; it would only be work. */
const longestPassword = 512;
