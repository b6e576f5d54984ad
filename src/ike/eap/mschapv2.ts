// EAP-MSCHAPv2 (draft-kamath-pppext-eap-mschapv2, RFC 2759): what Windows, iOS, macOS and Android log in with.
import { equal, fromText } from '../../base/bytes.ts';
import type { Secret } from '../../base/secret.ts';
import { ntHash } from '../../crypto/nt-hash.ts';
import { EapType } from '../../iana/eap.ts';
import type { Steps } from '../steps.ts';
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
import { msChapMsk, msChapProofs } from './ms-chap.ts';
import {
  decodeMsChap,
  encodeMsChap,
  type MsChapPacket,
  readFailure,
  readSuccess,
  writeFailure,
  writeSuccess,
} from './mschapv2-packet.ts';

export const mschapv2: EapMethodRow = {
  name: 'eap-mschapv2',
  type: EapType.MSCHAPV2,
  // The server proves itself too, but whoever listened can then try passwords at home: never alone (RFC 5998 §4).
  isMutual: false,
  makesKey: true,
  server: (setting) => new MsChapServer(setting),
  peer: (setting) => new MsChapPeer(setting),
};

/** What a right password proves, and makes. */
interface Proof {
  readonly authenticatorResponse: string;
  readonly msk: Secret;
}
type Refusal = Extract<Login<Proof>, { ok: false }>;

class MsChapServer implements EapMethod {
  readonly #setting: ServerSetting;
  #challenge: Uint8Array;
  #attempts = 0;
  #outcome: EapOutcome | undefined;
  #refusal: Refusal | undefined;

  constructor(setting: ServerSetting) {
    this.#setting = setting;
    this.#challenge = setting.random(challengeBytes);
  }

  // biome-ignore lint/correctness/useYield: nothing has to be asked
  *begin(identifier: number): Steps<EapStep> {
    const name = fromText(this.#setting.serverName);
    return send({ op: 'challenge', id: identifier, challenge: this.#challenge, name });
  }

  *receive(data: Uint8Array, identifier: number): Steps<EapStep> {
    const packet = decodeMsChap(data);
    // The identifier inside says nothing that the one of EAP did not: it is not compared.
    const isAwaited = !this.#outcome && this.#attempts < mostAttempts;
    if (packet.op === 'response' && isAwaited) return yield* this.#judge(packet, identifier);
    if (packet.op === 'success' && this.#outcome) {
      const outcome = this.#outcome;
      this.#outcome = undefined; // the dialogue has its key from here on
      return { kind: 'end', end: { kind: 'success', outcome } };
    }
    if (packet.op === 'failure' && this.#refusal) return over(this.#refusal);
    return failure(`the peer sent an MSCHAPv2 ${packet.op} out of turn`);
  }

  wipe(): void {
    this.#outcome?.msk?.wipe();
  }

  *#judge(
    { peerChallenge, ntResponse, name }: Extract<MsChapPacket, { op: 'response' }>,
    id: number,
  ): Steps<EapStep> {
    this.#attempts++;
    const { primitives, login } = this.#setting;
    const { sha1 } = primitives;
    const chap = { authenticatorChallenge: this.#challenge, peerChallenge, userName: name };
    const answer: Login<Proof> = yield* login(name, (hash) => {
      const proofs = msChapProofs(sha1, chap, hash);
      const msk = msChapMsk(sha1, hash, proofs.ntResponse);
      if (equal(proofs.ntResponse, ntResponse)) return { ...proofs, msk };
      msk.wipe();
      return undefined;
    });
    if (!answer.ok) return this.#refuse(answer, id);
    const { identity, grant, proof } = answer;
    this.#outcome = { identities: [identity], msk: proof.msk, grant };
    return send({ op: 'success', id, message: writeSuccess(proof.authenticatorResponse) });
  }

  /** The device asks its owner again, as long as it may. */
  #refuse(refusal: Refusal, id: number): EapStep {
    this.#refusal = refusal;
    this.#challenge = this.#setting.random(challengeBytes);
    const message = writeFailure(this.#attempts < mostAttempts, this.#challenge);
    return send({ op: 'failure', id, message });
  }
}

class MsChapPeer implements EapMethod {
  readonly #setting: PeerSetting;
  #expected: { readonly authenticatorResponse: string; readonly msk: Secret } | undefined;
  #isOver = false;

  constructor(setting: PeerSetting) {
    this.#setting = setting;
  }

  // biome-ignore lint/correctness/useYield: nothing has to be asked
  *begin(): Steps<EapStep> {
    return failure('a peer does not begin');
  }

  // biome-ignore lint/correctness/useYield: nothing has to be asked
  *receive(data: Uint8Array): Steps<EapStep> {
    const packet = decodeMsChap(data);
    const { authenticatorResponse, msk } = this.#expected ?? {};
    if (!this.#isOver && 'id' in packet) {
      if (packet.op === 'challenge' && !msk) return this.#answer(packet);
      if (packet.op === 'failure' && msk) return this.#giveUp(packet.message);
      if (packet.op === 'success' && msk) {
        if (readSuccess(packet.message) !== authenticatorResponse) {
          return failure('the server does not know our password', strangerAdvice);
        }
        this.#isOver = true;
        this.#expected = undefined; // the dialogue has its key from here on
        return send({ op: 'success' }, { kind: 'success', outcome: { identities: [], msk } });
      }
    }
    return failure(`the server sent an MSCHAPv2 ${packet.op} out of turn`);
  }

  wipe(): void {
    this.#expected?.msk.wipe();
  }

  #answer({ challenge, id }: Extract<MsChapPacket, { op: 'challenge' }>): EapStep {
    const { password, identity: name, random, primitives, isServerProven } = this.#setting;
    if (!isServerProven) return failure('the server wants our password before it proved itself');
    if (!password) return failure('we have no password for this server');
    const { sha1 } = primitives;
    const peerChallenge = random(challengeBytes);
    const chap = { authenticatorChallenge: challenge, peerChallenge, userName: name };
    const hash = ntHash(password.bytes);
    const { ntResponse, authenticatorResponse } = msChapProofs(sha1, chap, hash);
    this.#expected = { authenticatorResponse, msk: msChapMsk(sha1, hash, ntResponse) };
    hash.fill(0);
    return send({ op: 'response', id, peerChallenge, ntResponse, name });
  }

  /** We have no other password to try. */
  #giveUp(message: Uint8Array): EapStep {
    this.#isOver = true;
    const { error, text } = readFailure(message);
    const why = (error !== undefined && reasons.get(error)) || `error ${error ?? 'unknown'}`;
    const said = text ? ` (it says: ${text})` : '';
    return send({ op: 'failure' }, ended(`the server refused our login: ${why}${said}`));
  }
}

const send = (packet: MsChapPacket, end?: EapEnd): EapStep => {
  const data = encodeMsChap(packet);
  return end ? { kind: 'send', data, end } : { kind: 'send', data };
};
const over = ({ cause, why, advice }: Refusal): EapStep => ({
  ...{ kind: 'end', end: { kind: 'failure', cause, why, advice } },
});
const failure = (why: string, advice?: string): EapStep => ({
  kind: 'end',
  end: ended(why, advice),
});
const ended = (why: string, advice?: string): EapEnd =>
  advice === undefined ? { kind: 'failure', why } : { kind: 'failure', why, advice };

/** RFC 2759 §6. */
const reasons: ReadonlyMap<number, string> = new Map([
  [646, 'not at this hour'],
  [647, 'the account is disabled'],
  [648, 'the password has expired'],
  [649, 'the account may not dial in'],
  [691, 'wrong user name or password'],
  [709, 'the password could not be changed'],
]);
const strangerAdvice =
  'Somebody else may have answered in its place; check the address and the authority.';
const challengeBytes = 16;
/** Of one conversation: the wrong one that the device had stored, and two that its owner types. */
const mostAttempts = 3;
