// Whether a session of rpcd may call a method of ours. Each question renews the session, so that nobody is asked but when
// a caller does something, and the answer holds for a short while.
import { type Duration, type Instant, seconds, since } from '../base/time.ts';

/** @returns undefined: nobody could say */
export type AskAccess = (session: string, method: string) => Promise<boolean | undefined>;

interface Verdict {
  readonly mayCall: boolean;
  readonly at: Instant;
}

export class Rights {
  readonly #ask: AskAccess;
  readonly #now: () => Instant;
  readonly #verdicts = new Map<string, Verdict>();

  constructor(ask: AskAccess, now: () => Instant) {
    this.#ask = ask;
    this.#now = now;
  }

  /** What is no session has no rights, and is not asked about. */
  async mayCall(session: string, method: string): Promise<boolean> {
    if (!isSession(session) || method.length > longestMethod) return false;
    const key = `${session} ${method}`;
    const known = this.#verdicts.get(key);
    if (known && since(known.at, this.#now()) < validity) return known.mayCall;
    this.#verdicts.delete(key);
    const mayCall = await this.#ask(session, method);
    if (mayCall !== undefined) this.#keep(key, { mayCall, at: this.#now() });
    return mayCall === true;
  }

  /** The oldest make room. */
  #keep(key: string, verdict: Verdict): void {
    for (const oldest of this.#verdicts.keys()) {
      if (this.#verdicts.size < mostVerdicts) break;
      this.#verdicts.delete(oldest);
    }
    this.#verdicts.set(key, verdict);
  }
}

/** Of rpcd, and our own token. */
const isSession = (text: string): boolean => /^[0-9a-f]{32}$/.test(text);
const validity: Duration = seconds(15);
const mostVerdicts = 512;
const longestMethod = 64;
