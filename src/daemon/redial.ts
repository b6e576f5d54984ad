// When a connection is dialled, and dialled again after it failed or ended. Pure: whoever carries it out says
// what the time is and how the connection stands, as often as that may have changed.
import { type Duration, type Instant, later, milliseconds, minutes, since } from '../base/time.ts';

/** What there is of a connection: nothing, a handshake, or an IKE SA. */
export type Standing = 'absent' | 'handshake' | 'established';

export type Move<Target> =
  /** Find out whom to dial, and tell by `resolved`. */
  | { readonly kind: 'resolve' }
  | { readonly kind: 'dial'; readonly target: Target }
  /** Everybody was tried in vain, or the connection ended. */
  | { readonly kind: 'rest'; readonly until: Instant }
  /** There is nothing to do before that, unless something happens; undefined: ever. */
  | { readonly kind: 'wait'; readonly until: Instant | undefined };

/** When a connection is dialled without being asked for: never, whenever it is down, or when a packet wants it. */
export type Kept = 'no' | 'always' | 'on-demand';

/** One connection. Each round of dialling tries every address that the peer has at that moment. */
export class Redial<Target> {
  kept: Kept;
  readonly #chance: () => number;
  #state: State<Target> = { kind: 'off' };
  /** Rounds in vain since the connection last stood for a while. */
  #failures = 0;

  /** @param chance gives a number from 0 to 1 */
  constructor(kept: Kept, chance: () => number) {
    this.kept = kept;
    this.#chance = chance;
  }

  /** Whether it is up, on its way, or going to be dialled. */
  get isOn(): boolean {
    return this.#state.kind !== 'off';
  }

  /** Whether it waits for its next round. */
  get isResting(): boolean {
    return this.#state.kind === 'due';
  }

  /** Begins with the next look. */
  begin(now: Instant): void {
    this.#failures = 0;
    this.#state = { kind: 'due', at: now };
  }

  /** What failed may work: the next round begins with the next look, and the rest after it is as long as ever. */
  hurry(now: Instant): void {
    if (this.#state.kind === 'due') this.#state = { kind: 'due', at: now };
  }

  /** Begins at once, with targets that are known. */
  dial(now: Instant, targets: readonly Target[]): Move<Target> {
    this.#failures = 0;
    return this.#tryNext(now, targets);
  }

  /** Leaves the connection alone until it is begun again. */
  hangUp(): void {
    this.#state = { kind: 'off' };
  }

  /** The answer to `resolve`; without targets the round is over. */
  resolved(now: Instant, targets: readonly Target[]): Move<Target> {
    if (this.#state.kind !== 'resolving') return never;
    return this.#tryNext(now, targets);
  }

  /**
   * To be called when something happened to the connection, and when the time of the last `wait` or `rest` came.
   * @param isWanted whether a packet waits for it
   */
  look(now: Instant, standing: Standing, isWanted = false): Move<Target> {
    const isDemand = this.kept === 'on-demand' && isWanted;
    if (isDemand && standing === 'absent' && !this.isOn) this.#state = { kind: 'due', at: now };
    const state = this.#state;
    if (state.kind === 'off' || state.kind === 'resolving') return never;
    if (standing === 'established') return this.#stand(now);
    if (standing === 'handshake') return this.#await(now);
    if (state.kind === 'trying') return this.#tryNext(now, state.left);
    if (state.kind === 'up') return this.#ended(now, since(state.since, now));
    if (now < state.at) return { kind: 'wait', until: state.at };
    if (this.kept === 'on-demand' && !isWanted) {
      this.hangUp();
      return never;
    }
    this.#state = { kind: 'resolving' };
    return { kind: 'resolve' };
  }

  #stand(now: Instant): Move<Target> {
    if (this.#state.kind !== 'up') this.#state = { kind: 'up', since: now };
    return never;
  }

  /** The end of a handshake is told; should nobody tell it, a look in between finds it out. */
  #await(now: Instant): Move<Target> {
    if (this.#state.kind !== 'trying') this.#state = { kind: 'trying', left: [] };
    return { kind: 'wait', until: later(now, lookAfter) };
  }

  #tryNext(now: Instant, [target, ...left]: readonly Target[]): Move<Target> {
    if (target === undefined) return this.#rest(now);
    this.#state = { kind: 'trying', left };
    return { kind: 'dial', target };
  }

  /** A connection that is refused as soon as it stands fails like any other. */
  #ended(now: Instant, stood: Duration): Move<Target> {
    if (stood >= lasting) this.#failures = 0;
    return this.#rest(now);
  }

  #rest(now: Instant): Move<Target> {
    if (this.kept === 'no') {
      this.hangUp();
      return never;
    }
    const at = later(now, this.#backOff());
    this.#failures++;
    this.#state = { kind: 'due', at };
    return { kind: 'rest', until: at };
  }

  /** Up to a quarter less than it might be, so that many who lost one peer do not come back at once. */
  #backOff(): Duration {
    const longest = Math.min(firstRest * 2 ** this.#failures, longestRest);
    return milliseconds(longest * (1 - this.#chance() / 4));
  }
}

type State<Target> =
  | { readonly kind: 'off' }
  | { readonly kind: 'due'; readonly at: Instant }
  | { readonly kind: 'resolving' }
  | { readonly kind: 'trying'; readonly left: readonly Target[] }
  | { readonly kind: 'up'; readonly since: Instant };

const never = { kind: 'wait', until: undefined } as const;
const firstRest = milliseconds(1000);
const longestRest = minutes(5);
/** A connection that stood so long was a success. */
const lasting = minutes(1);
const lookAfter = milliseconds(10_000);
