// One IKE SA: who, where, with which keys, and what hangs on it. What happens to it stands in exchanges/ and
// extensions/; how its exchanges run, in driver.ts.

import { toHex } from '../../base/bytes.ts';
import { invariant } from '../../base/invariant.ts';
import type { Ip } from '../../base/ip.ts';
import type { Secret } from '../../base/secret.ts';
import type { Instant } from '../../base/time.ts';
import { formatIdentity, type Identity } from '../../policy/identity.ts';
import type { Connection } from '../../policy/policy.ts';
import { type ChosenKe, isPostQuantum } from '../../transforms/additional-ke.ts';
import { formatSuite } from '../../transforms/parse.ts';
import type { Encr, Integ, Ke, Prf } from '../../transforms/table.ts';
import { type IntAuth, noIntAuth } from '../auth/int-auth.ts';
import type { ChildRef, Lease, Path, SaRef, SaSnapshot } from '../core.ts';
import type { CloseCause } from '../events.ts';
import type { Host } from '../host.ts';
import type { Run } from '../run.ts';
import type { Steps } from '../steps.ts';
import type { ChildSa } from './child-sa.ts';
import {
  deriveIkeKeys,
  type IkeKeys,
  mixPpk,
  type PpkKeys,
  ppkSkeyseed,
  wipeKeys,
} from './keymat.ts';
import type { Phase } from './phase.ts';
import { Protection } from './protect.ts';
import { type Slot, Slots } from './slots.ts';
import type { Task } from './task.ts';
import { Timers } from './timers.ts';
import { Window } from './window.ts';

export interface IkeSuite {
  readonly encr: Encr;
  readonly prf: Prf;
  readonly integ: Integ | undefined;
  readonly ke: Ke;
  /** The key exchanges that follow the first one, in their order (RFC 9370). */
  readonly addKe: readonly ChosenKe[];
}

/** What AUTH covers (RFC 7296 §2.15) and IKE_AUTH needs; gone once the SA is established. */
export interface Handshake {
  ni: Uint8Array;
  nr: Uint8Array;
  /** The last IKE_SA_INIT request and the response to it, as they travelled. */
  request: Uint8Array;
  response: Uint8Array;
  intAuth: IntAuth;
}

/** An exchange of ours that has not begun. */
export interface Queued {
  (sa: IkeSa): Steps<void>;
  /** What is to be done when its SA ends first. */
  readonly abandon?: ((sa: IkeSa) => void) | undefined;
}

/** Why and how an SA ends. */
export interface Closing {
  readonly cause: CloseCause;
  readonly why: string;
}

export class IkeSa {
  readonly id: SaRef;
  readonly role: 'initiator' | 'responder';
  readonly host: Host;
  /** Whether we brought the first of this line of SAs up: rekeys change the role, but not who may move it. */
  dialled: boolean;
  readonly spiI: Uint8Array;
  spiR: Uint8Array;
  path: Path;
  /**
   * The address at which the peer read what we sent: our IKE_SA_INIT, or since then the COOKIE2 of MOBIKE. Where a
   * message comes from anybody can write, and what follows from an address follows from this one.
   */
  origin: Ip;
  /** Where the peer proved to be: what the children send goes there (RFC 4555 §3.7). */
  provenPath: Path;
  /** Where the last request came from: its response goes there, whatever `path` says (RFC 7296 §2.11). */
  replyPath: Path;
  phase: Phase = 'init';
  readonly createdAt: Instant;
  establishedAt: Instant | undefined;
  /** When an authenticated message last came in. */
  heardAt: Instant;
  /** When a message last left. */
  saidAt: Instant;

  connection: Connection | undefined;
  /** The authenticated identity of the peer. */
  peer: Identity | undefined;
  /** The certificate by which it proved that, see ChainVerdict. */
  certificate: string | undefined;
  /** The account that the peer logged in with, where a password was checked; `peer` is its name too. */
  user: string | undefined;
  /** IKE SAs that this account may have at one time. */
  most: number | undefined;
  /** IDi of one who logged in by EAP, or what its certificate proved before: it tells the devices of a user apart. */
  device: Identity | undefined;
  /** What the peer called itself, proven or not: for the log alone. */
  claimed: Identity | undefined;
  suite: IkeSuite | undefined;
  /** Empty fields until their message is there. */
  handshake: Handshake | undefined = {
    ...{ ni: none, nr: none, request: none, response: none },
    intAuth: noIntAuth,
  };
  /** Set by an exchange: the SA ends as soon as the response is out. */
  closing: Closing | undefined;
  /** Responder: the virtual addresses that the peer has of us. */
  lease: Lease | undefined;
  /** Initiator: the virtual addresses that we have of the peer. */
  virtualIps: readonly Ip[] = [];
  readonly children: ChildSa[] = [];

  /** How often the peer asked again for the last response. */
  repeats = 0;
  /** When it did so last. */
  repeatedAt: Instant | undefined;
  readonly window = new Window();
  readonly timers: Timers<{ readonly sa: IkeSa }>;
  /** The peer's exchange that is being answered, and ours that waits for a response. */
  incoming: Run | undefined;
  outgoing: Run | undefined;
  /** Exchanges of ours that wait for their turn; a successor takes them over. */
  readonly queue: Queued[] = [];
  /** The inbound SPI that our last request for a CHILD_SA named, until that is installed. */
  expectedSpi: number | undefined;
  /** What our exchange is about, where a request of the peer may cross it. */
  task: Task | undefined;
  /** The SA that it may take the place of, while it is not decided which of two crossing rekeys stands. */
  heirOf: IkeSa | undefined;
  /** The SA whose place it took, until that is deleted. */
  predecessor: IkeSa | undefined;
  /** The gateway that sent us to this one. */
  redirectedFrom: Ip | undefined;
  /** The SA that was authenticated anew to take its place, and the one whose place it is to take. */
  renewal: IkeSa | undefined;
  former: IkeSa | undefined;
  /** IKE rekeys and reauthentications that the peer could not take right now, in a row. */
  postponed = 0;

  /** No quantum computer gets at its keys, or at those of its tunnels: an ML-KEM is in them, or in what they came from. */
  postQuantum = false;

  readonly #slots = new Slots();
  #keys: IkeKeys | undefined;
  #unmixed: PpkKeys | undefined;
  #inbound: Protection | undefined;
  #outbound: Protection | undefined;
  /** The keys before the last key exchange, until the peer has used those after it. */
  #former: { readonly keys: IkeKeys; readonly inbound: Protection } | undefined;

  constructor(
    host: Host,
    fields: { role: 'initiator' | 'responder'; spiI: Uint8Array; spiR: Uint8Array; path: Path },
  ) {
    this.host = host;
    this.timers = new Timers(host.agenda, { sa: this });
    this.id = host.nextNumber() as SaRef;
    this.role = fields.role;
    this.spiI = fields.spiI;
    this.spiR = fields.spiR;
    this.path = fields.path;
    this.origin = fields.path.remote.ip;
    this.provenPath = fields.path;
    this.replyPath = fields.path;
    this.dialled = fields.role === 'initiator';
    this.createdAt = host.now;
    this.heardAt = host.now;
    this.saidAt = host.now;
  }

  /** The SPI by which the peer's messages find this SA. */
  get localSpi(): Uint8Array {
    return this.role === 'initiator' ? this.spiI : this.spiR;
  }

  /** The peer's identity as text, once authenticated. */
  get peerName(): string | undefined {
    return this.peer && formatIdentity(this.peer);
  }

  get claimedName(): string | undefined {
    return this.claimed && formatIdentity(this.claimed);
  }

  /** Takes over what extensions know of the peer: a rekeyed SA is the same peer on the same path. */
  inherit(old: IkeSa): void {
    this.dialled = old.dialled;
    this.#slots.inherit(old.#slots);
  }

  slot<S>(slot: Slot<S>): S {
    return this.#slots.of(slot);
  }

  get keys(): IkeKeys {
    invariant(this.#keys, 'no keys yet');
    return this.#keys;
  }

  get hasKeys(): boolean {
    return this.#keys !== undefined;
  }

  get inbound(): Protection {
    invariant(this.#inbound, 'no keys yet');
    return this.#inbound;
  }

  get outbound(): Protection {
    invariant(this.#outbound, 'no keys yet');
    return this.#outbound;
  }

  /** Opens what the peer repeats from before the last key exchange. */
  get formerInbound(): Protection | undefined {
    return this.#former?.inbound;
  }

  /** The peer has the new keys: nothing comes under the old ones any more. */
  forgetFormerKeys(): void {
    if (this.#former) wipeKeys(this.#former.keys);
    this.#former = undefined;
  }

  /**
   * Sets the keys of both directions from SKEYSEED, which is wiped (RFC 7296 §2.14).
   * @param ppk goes in behind it, before anything is sealed with them (RFC 9867)
   */
  key(
    seed: Secret,
    suite: IkeSuite,
    nonces: { ni: Uint8Array; nr: Uint8Array },
    ppk?: Secret,
  ): void {
    const { primitives, random } = this.host;
    const prf = primitives[suite.prf.engine];
    const derive = (from: Secret): IkeKeys => {
      const context = { ...nonces, spiI: this.spiI, spiR: this.spiR };
      const derived = deriveIkeKeys(prf, suite, from, context);
      from.wipe();
      return derived;
    };
    const plain = derive(seed);
    const keys = ppk ? derive(ppkSkeyseed(prf, plain.skD, ppk)) : plain;
    if (ppk) wipeKeys(plain);
    const { encr, integ } = suite;
    const ofInitiator = { encr, integ, encryption: keys.skEi, integrity: keys.skAi };
    const ofResponder = { encr, integ, encryption: keys.skEr, integrity: keys.skAr };
    const [outbound, inbound] =
      this.role === 'initiator' ? [ofInitiator, ofResponder] : [ofResponder, ofInitiator];
    this.forgetFormerKeys();
    if (this.#keys && this.#inbound) this.#former = { keys: this.#keys, inbound: this.#inbound };
    this.#keys = keys;
    this.suite = suite;
    this.#inbound = new Protection(inbound, primitives, random);
    this.#outbound = new Protection(outbound, primitives, random);
  }

  /** Puts a PPK into the keys; what they were is kept until it is settled whether it stays there (RFC 8784 §3). */
  mix(ppk: Secret): void {
    invariant(this.suite && !this.#unmixed, 'a PPK goes into keys once');
    const { skD, skPi, skPr } = this.keys;
    this.#unmixed = { skD, skPi, skPr };
    const prf = this.host.primitives[this.suite.prf.engine];
    this.#keys = { ...this.keys, ...mixPpk(prf, this.#unmixed, ppk) };
  }

  /** The PPK stays in the keys, or never was there. */
  settleMix(outcome: 'mixed' | 'unmixed'): void {
    invariant(this.#unmixed, 'no PPK is in the keys');
    const { skD, skPi, skPr } = this.keys;
    if (outcome === 'unmixed') this.#keys = { ...this.keys, ...this.#unmixed };
    wipeKeys(outcome === 'mixed' ? this.#unmixed : { skD, skPi, skPr });
    this.#unmixed = undefined;
  }

  /** The key exchanges of this SA are done; `former` is the one that it came from. */
  judgeKeys(former: IkeSa | undefined): void {
    const methods = this.suite ? [this.suite.ke, ...this.suite.addKe.map(({ ke }) => ke)] : [];
    this.postQuantum = former?.postQuantum === true || isPostQuantum(methods);
  }

  /** For Wireshark, if that is wanted. It takes one set of keys for a pair of SPIs: the one that lasts. */
  disclose(): void {
    const { keys, suite, host } = this;
    if (!suite || !(host.policy.keylog || host.isDisclosing)) return;
    const { encr, integ } = suite;
    this.host.emit({
      kind: 'disclose',
      keys: {
        spiI: this.spiI,
        spiR: this.spiR,
        encryption: encr.keyword,
        integrity: integ?.keyword,
        skEi: keys.skEi.bytes.slice(),
        skEr: keys.skEr.bytes.slice(),
        skAi: keys.skAi.bytes.slice(),
        skAr: keys.skAr.bytes.slice(),
      },
    });
  }

  child(ref: ChildRef): ChildSa | undefined {
    return this.children.find((child) => child.ref === ref);
  }

  wipe(): void {
    this.forgetFormerKeys();
    if (this.#keys) wipeKeys(this.#keys);
    if (this.#unmixed) wipeKeys(this.#unmixed);
  }

  snapshot(known: Pick<SaSnapshot, 'nat' | 'peerAddresses' | 'ppk'>): SaSnapshot {
    return {
      id: this.id,
      spiI: toHex(this.spiI),
      spiR: toHex(this.spiR),
      role: this.role,
      dialled: this.dialled,
      phase: this.phase,
      connection: this.connection?.name,
      peer: this.peerName,
      user: this.user,
      certificate: this.certificate,
      path: this.path,
      ...known,
      suite: this.suite && formatSuite(this.suite),
      postQuantum: this.postQuantum,
      createdAt: this.createdAt,
      establishedAt: this.establishedAt,
      rekeyAt: this.timers.endOf('rekey'),
      addresses: this.lease?.addresses ?? this.virtualIps,
      children: this.children.map((child) => child.snapshot()),
    };
  }
}

/** From its first message to the last that came, in whole seconds. */
export const secondsTried = ({ createdAt, heardAt, repeatedAt }: IkeSa): number =>
  Math.round((Math.max(heardAt, repeatedAt ?? heardAt) - createdAt) / 1000);

const none = new Uint8Array(0);
