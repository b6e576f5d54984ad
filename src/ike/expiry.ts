// What is to be done when a timer is due, one case each: the names are explained in sa/timers.ts.
import { invariant } from '../base/invariant.ts';
import type { Commands } from './commands.ts';
import type { Driver } from './driver.ts';
import { deleteWornIkeSa } from './exchanges/delete.ts';
import { deleteChild, deleteWornChild } from './exchanges/delete-child.ts';
import { closeIfInactive } from './exchanges/inactivity.ts';
import { liveness, probe } from './exchanges/liveness.ts';
import { createWanted } from './exchanges/new-child.ts';
import { rekeyChild } from './exchanges/rekey-child.ts';
import { rekeyIke } from './exchanges/rekey-ike.ts';
import type { Host } from './host.ts';
import { reportFailedAttempt } from './refusal.ts';
import type { ChildSa } from './sa/child-sa.ts';
import { dropFollowUps } from './sa/follow-ups.ts';
import type { IkeSa } from './sa/ike-sa.ts';
import { keepAlive } from './sa/keepalive.ts';
import { bury, removeChild, retire } from './sa/lifecycle.ts';
import type { TimerName } from './sa/timers.ts';
import { whyStalled } from './stalled.ts';

export class Expiry {
  readonly #host: Host;
  readonly #driver: Driver;
  readonly #commands: Commands;

  constructor(host: Host, driver: Driver, commands: Commands) {
    this.#host = host;
    this.#driver = driver;
    this.#commands = commands;
  }

  /** Runs every timer that is due. */
  wake(): void {
    const { agenda, now, registry } = this.#host;
    for (let due = agenda.take(now); due; due = agenda.take(now)) {
      const { owner, timer } = due;
      if ('sa' in owner) {
        owner.sa.timers.stop(timer);
        this.#expire(owner.sa, timer);
        continue;
      }
      owner.child.timers.stop(timer);
      const found = registry.childByRef(owner.child.ref);
      if (found) this.#expireChild(found.sa, found.child, timer);
    }
  }

  /** Nothing may be sent on it any more; the peer must hear of it, or it would send into a black hole. */
  wornOut(sa: IkeSa, child: ChildSa): void {
    const why = 'the keys of its tunnel are worn out, and the peer made no new ones';
    const hasOther = sa.children.some((one) => one !== child && one.state !== 'draining');
    if (hasOther) this.#driver.spawn(sa, (now) => deleteChild(now, child, why));
    // With its last tunnel gone, it is better that it dials again.
    else this.#commands.terminate(sa, why, (now) => deleteWornChild(now, child, why));
  }

  #expire(sa: IkeSa, timer: TimerName): void {
    switch (timer) {
      case 'half-open':
        reportFailedAttempt(this.#host, sa, whyStalled(sa));
        retire(sa, { cause: 'timeout', why: 'the peer did not go on' });
        // No lingering: its response leads nowhere, and the next request may begin a new SA.
        bury(sa);
        return;
      case 'retransmit':
        this.#driver.retransmit(sa);
        return;
      case 'linger':
        bury(sa);
        return;
      case 'abandoned':
        retire(sa, { cause: 'timeout', why: 'the peer never deleted it after a rekey' });
        return;
      case 'keepalive':
        keepAlive(sa);
        return;
      case 'liveness':
        this.#driver.spawn(sa, liveness);
        return;
      case 'rekey':
        this.#driver.spawn(sa, rekeyIke);
        return;
      case 'reauthenticate':
        this.#commands.reauthenticate(sa);
        return;
      case 'unauthenticated':
        this.#commands.terminate(sa, 'its authentication is too old');
        return;
      case 'unproven':
        if (sa.children.some(({ isActive }) => !isActive)) this.#driver.spawn(sa, probe);
        return;
      case 'outlived':
        this.#commands.terminate(sa, 'the peer made a new connection, and never ended this one');
        return;
      case 'new-child':
        this.#driver.spawn(sa, createWanted);
        return;
      case 'follow-up':
        dropFollowUps(sa);
        return;
      case 'worn-out':
        this.#commands.terminate(sa, worn, (now) => deleteWornIkeSa(now, sa, worn));
        return;
      case 'ask-incoming':
        this.#driver.giveUpAsking(sa.incoming);
        return;
      case 'ask-outgoing':
        this.#driver.giveUpAsking(sa.outgoing);
        return;
      default:
        invariant(timer === 'drained', `${timer} is no timer of an IKE SA`);
    }
  }

  #expireChild(sa: IkeSa, child: ChildSa, timer: TimerName): void {
    if (timer === 'rekey') this.#driver.spawn(sa, (now) => rekeyChild(now, child));
    if (timer === 'worn-out') this.wornOut(sa, child);
    if (timer === 'inactive') this.#driver.spawn(sa, (now) => closeIfInactive(now, child));
    if (timer === 'drained') removeChild(sa, child, 'its keys were renewed');
    const why = 'the peer renewed its keys, and never deleted it';
    if (timer === 'abandoned') this.#driver.spawn(sa, (now) => deleteChild(now, child, why));
  }
}

const worn = 'its keys are worn out, and the peer made no new ones';
