// EAP-TTLS version 0 (RFC 5281): the server proves itself by its certificate, the peer by a password inside the
// tunnel. As a server: EAP, MS-CHAP-V2 or PAP inside; as a peer: EAP.
import { concat, equal } from '../../base/bytes.ts';
import { ntHash } from '../../crypto/nt-hash.ts';
import { EapType } from '../../iana/eap.ts';
import type { Steps } from '../steps.ts';
import { type Avp, decodeAvps, encodeAvps } from './avp.ts';
import { innerPeer, innerServer } from './inner.ts';
import type {
  EapEnd,
  EapMethod,
  EapMethodRow,
  EapOutcome,
  EapStep,
  Login,
  PeerSetting,
  ServerSetting,
} from './method.ts';
import { msChapProofs } from './ms-chap.ts';
import { encodeEap } from './packet.ts';
import type { EapPeer } from './peer.ts';
import type { EapServer } from './server.ts';
import { failure, noOwnCertificate, openingOf, TlsTalk } from './tls-talk.ts';

export const ttls: EapMethodRow = {
  name: 'eap-ttls',
  type: EapType.TTLS,
  isMutual: true,
  makesKey: true,
  server: (setting) => new TtlsServer(setting),
  peer: (setting) => new TtlsPeer(setting),
};

class TtlsServer implements EapMethod {
  readonly #setting: ServerSetting;
  readonly #talk: TlsTalk | undefined;
  #inner: EapServer | undefined;
  /** MS-CHAP-V2 fits, and the peer has still to say that we do. */
  #outcome: Omit<EapOutcome, 'msk'> | undefined;

  constructor(setting: ServerSetting) {
    const opening = openingOf(setting, { wantsCertificate: false });
    this.#setting = setting;
    this.#talk = opening && new TlsTalk({ setting, opening, type: EapType.TTLS });
  }

  // biome-ignore lint/correctness/useYield: nothing has to be asked
  *begin(): Steps<EapStep> {
    return this.#talk?.start() ?? noOwnCertificate;
  }

  *receive(data: Uint8Array): Steps<EapStep> {
    if (!this.#talk) return noOwnCertificate;
    const step = yield* this.#talk.receive(data);
    if (step.kind !== 'heard') return step;
    if (this.#outcome) {
      if (step.data.length > 0) return failure('the peer did not like our answer to its password');
      return { kind: 'end', end: yield* success(this.#talk, this.#outcome) };
    }
    // The peer begins, when it has heard what ends the handshake.
    if (step.data.length === 0) return yield* this.#talk.say(none);
    return yield* this.#judge(this.#talk, decodeAvps(step.data));
  }

  wipe(): void {
    this.#inner?.wipe();
    this.#talk?.close();
  }

  *#judge(talk: TlsTalk, avps: readonly Avp[]): Steps<EapStep> {
    const find = ({ code, vendor }: Kind) =>
      avps.find((avp) => avp.code === code && avp.vendor === vendor)?.data;
    const unknown = avps.find((avp) => avp.isMandatory && !isKnown(avp));
    if (unknown) return failure(`the peer insists on attribute ${unknown.code} inside EAP-TTLS`);
    const eap = avps.filter(({ code, vendor }) => code === kind.eap.code && vendor === 0);
    if (eap.length > 0) return yield* this.#goOn(talk, concat(...eap.map(({ data }) => data)));
    const name = find(kind.userName);
    const [challenge, response] = [find(kind.challenge), find(kind.response)];
    const password = find(kind.password);
    if (name && challenge && response)
      return yield* this.#msChap(talk, { name, challenge, response });
    if (name && password) return yield* this.#pap(talk, name, password);
    return failure('the peer offers no password that we could check inside EAP-TTLS', chooseOther);
  }

  *#goOn(talk: TlsTalk, packet: Uint8Array): Steps<EapStep> {
    if (!this.#inner) {
      // The peer says who it is without being asked (RFC 5281 §11.2.1): our question stays here.
      this.#inner = innerServer(this.#setting, 0);
      const asked = yield* this.#inner.begin();
      packet[1] = asked.packet[1] ?? 0;
    }
    const { packet: request, end } = yield* this.#inner.receive(packet);
    if (!end) return yield* talk.say(encodeAvps([avp(kind.eap, request)]));
    if (end.kind === 'failure') return { kind: 'end', end };
    end.outcome.msk?.wipe();
    return { kind: 'end', end: yield* success(talk, end.outcome) };
  }

  /** RFC 5281 §11.2.4: the challenge comes from the tunnel, so that no answer of elsewhere fits. */
  *#msChap(talk: TlsTalk, { name, challenge, response }: MsChapAvps): Steps<EapStep> {
    const expected = yield* talk.export('ttls challenge', undefined, 17);
    if (!expected) return failure('TLS gave no challenge in time');
    const [ident] = response;
    if (response.length !== 50 || !equal(concat(challenge, response.subarray(0, 1)), expected)) {
      return failure('the peer answers another challenge than that of the tunnel');
    }
    const { sha1 } = this.#setting.primitives;
    const peerChallenge = response.slice(2, 18);
    const chap = {
      authenticatorChallenge: expected.subarray(0, 16),
      peerChallenge,
      userName: name,
    };
    const login: Login<string> = yield* this.#setting.login(name, (hash) => {
      const { ntResponse, authenticatorResponse } = msChapProofs(sha1, chap, hash);
      return equal(ntResponse, response.subarray(26)) ? authenticatorResponse : undefined;
    });
    if (!login.ok) return failure(login.why, login.advice, login.cause);
    this.#outcome = outcomeOf(login);
    const answer = concat(Uint8Array.of(ident ?? 0), new TextEncoder().encode(login.proof));
    return yield* talk.say(encodeAvps([avp(kind.success, answer)]));
  }

  /** RFC 5281 §11.2.5: filled up with zeros, to hide its length. */
  *#pap(talk: TlsTalk, name: Uint8Array, padded: Uint8Array): Steps<EapStep> {
    const length = padded.findLastIndex((byte) => byte !== 0) + 1;
    const hash = ntHash(padded.subarray(0, Math.min(length, longestPassword)));
    const login: Login<true> = yield* this.#setting.login(name, (known) =>
      equal(known, hash) ? true : undefined,
    );
    hash.fill(0);
    if (!login.ok) return failure(login.why, login.advice, login.cause);
    return { kind: 'end', end: yield* success(talk, outcomeOf(login)) };
  }
}

class TtlsPeer implements EapMethod {
  readonly #talk: TlsTalk;
  readonly #inner: EapPeer;
  #isBegun = false;

  constructor(setting: PeerSetting) {
    const { serverId } = setting;
    const opening = { role: 'client', own: undefined } as const;
    this.#talk = new TlsTalk({ setting, opening, type: EapType.TTLS, serverId });
    this.#inner = innerPeer(setting);
  }

  // biome-ignore lint/correctness/useYield: nothing has to be asked
  *begin(): Steps<EapStep> {
    return failure('a peer does not begin');
  }

  *receive(data: Uint8Array): Steps<EapStep> {
    const step = yield* this.#talk.receive(data);
    if (step.kind !== 'heard') return step;
    if (!this.#isBegun) {
      this.#isBegun = true;
      const { IDENTITY: type } = EapType;
      return yield* this.#say(encodeEap({ code: 'request', identifier: 0, type, data: none }));
    }
    // Tickets of TLS 1.3 come on their own.
    if (step.data.length === 0) return yield* this.#talk.say(none);
    const eap = decodeAvps(step.data).filter((avp) => avp.code === kind.eap.code);
    return yield* this.#say(concat(...eap.map((avp) => avp.data)));
  }

  wipe(): void {
    this.#inner.wipe();
    this.#talk.close();
  }

  /** Says what we answer to an EAP packet. */
  *#say(packet: Uint8Array): Steps<EapStep> {
    const turn = yield* this.#inner.receive(packet);
    if (turn.kind === 'end') return turn;
    const said = yield* this.#talk.say(encodeAvps([avp(kind.eap, turn.packet)]));
    const { end } = this.#inner;
    if (said.kind === 'end' || !end) return said;
    if (end.kind === 'failure') return { ...said, end };
    end.outcome.msk?.wipe();
    const { identities = [], certificate } = this.#talk;
    return { ...said, end: yield* success(this.#talk, { identities, certificate }) };
  }
}

interface MsChapAvps {
  readonly name: Uint8Array;
  readonly challenge: Uint8Array;
  readonly response: Uint8Array;
}
interface Kind {
  readonly code: number;
  readonly vendor: number;
}

/** The MSK is of the tunnel alone (RFC 5281 §8); what the method inside made is not in it. */
function* success(talk: TlsTalk, outcome: Omit<EapOutcome, 'msk'>): Steps<EapEnd> {
  const msk = yield* talk.key('ttls keying material');
  if (!msk) return { kind: 'failure', why: 'TLS gave no keys in time' };
  return { kind: 'success', outcome: { ...outcome, msk } };
}

const outcomeOf = ({ identity, grant }: Extract<Login<unknown>, { ok: true }>) => ({
  identities: [identity],
  grant,
});
const avp = ({ code, vendor }: Kind, data: Uint8Array): Avp => ({
  code,
  vendor,
  isMandatory: true,
  data,
});
const isKnown = (avp: Avp): boolean =>
  Object.values(kind).some(({ code, vendor }) => code === avp.code && vendor === avp.vendor);

const none = new Uint8Array(0);
const microsoft = 311;
/** RFC 2865 §5, RFC 3579 §3.1, RFC 2548 §2. */
const kind = {
  userName: { code: 1, vendor: 0 },
  password: { code: 2, vendor: 0 },
  eap: { code: 79, vendor: 0 },
  challenge: { code: 11, vendor: microsoft },
  response: { code: 25, vendor: microsoft },
  success: { code: 26, vendor: microsoft },
} as const satisfies Record<string, Kind>;
const chooseOther = 'Set the inner method on the device to MSCHAPv2, PAP or GTC.';
const longestPassword = 512;
