// Looks after certificates once a day: renews those of the gateway that the home CA issued, and warns of others
// before they end.
import { type Duration, seconds } from '../base/time.ts';
import type { TraceEvent } from '../ike/events.ts';
import type { CertificateDesk, CertificateFacts } from '../rpc/certificates.ts';
import { isPlausible } from './clock.ts';

export interface Caring {
  /** @returns how to cancel */
  readonly after: (delay: Duration, run: () => void) => () => void;
  readonly now: () => Date;
  readonly desk: Pick<CertificateDesk, 'list' | 'renew'>;
  readonly report: (event: TraceEvent) => void;
  /** What could not be done, and why. */
  readonly complain: (doing: string, why: string) => void;
}

export class CertificateCare {
  readonly #caring: Caring;
  #cancel: () => void;

  /** The first look is a minute later: the start has other things to do, and the clock may have to be set. */
  constructor(caring: Caring) {
    this.#caring = caring;
    this.#cancel = caring.after(soon, () => void this.#lookAndGoOn());
  }

  close(): void {
    this.#cancel();
  }

  async #lookAndGoOn(): Promise<void> {
    const { now, after, complain } = this.#caring;
    const isTime = isPlausible(now());
    try {
      if (isTime) await this.#look();
    } catch (error) {
      complain('look after certificates', error instanceof Error ? error.message : `${error}`);
    }
    this.#cancel = after(isTime ? daily : soon, () => void this.#lookAndGoOn());
  }

  async #look(): Promise<void> {
    const { desk, now, complain } = this.#caring;
    const all = desk.list();
    for (const facts of all) {
      const at = now().getTime() / 1000;
      if (!isToRenew(facts, all, at)) {
        this.#warn(facts, at);
        continue;
      }
      try {
        await desk.renew({ name: facts.name, names: [] });
      } catch (error) {
        const why = error instanceof Error ? error.message : `${error}`;
        complain(`renew certificate '${facts.name}'`, why);
        this.#warn(facts, at);
      }
    }
  }

  #warn({ kind, name, subject, notAfter, revokedAt }: CertificateFacts, at: number): void {
    const days = Math.floor((notAfter - at) / day);
    if (revokedAt !== undefined || days >= warnedDays[kind]) return;
    this.#caring.report({ kind: 'certificate.expiring', sa: undefined, name, subject, days });
  }
}

/** After two thirds of its life, or for its last sixty days; in vain where its authority ends with it. */
function isToRenew(
  { kind, isOurs, issuer, notBefore, notAfter }: CertificateFacts,
  all: readonly CertificateFacts[],
  at: number,
): boolean {
  if (kind !== 'gateway' || !isOurs) return false;
  const authority = all.find((one) => one.kind === 'authority' && one.subject === issuer);
  const isWorthIt = authority !== undefined && authority.notAfter - notAfter > day;
  const isDue = at > notBefore + ((notAfter - notBefore) * 2) / 3 || notAfter - at < 60 * day;
  return isWorthIt && isDue;
}

const day = 86_400;
const daily = seconds(day);
const soon = seconds(60);
/** Another authority means that every device is set up anew: that takes time. */
const warnedDays = { authority: 180, gateway: 21, device: 21 } as const;
