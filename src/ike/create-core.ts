// The core put together: one turn an input, all effects and one deadline back (see core.ts).

import { invariant, unreachable } from '../base/invariant.ts';
import type { Ip } from '../base/ip.ts';
import type { Instant } from '../base/time.ts';
import type { Primitives, Rng } from '../crypto/primitives.ts';
import type { Connection, Policy } from '../policy/policy.ts';
import type {
  ChildRef,
  Command,
  Core,
  CoreSnapshot,
  DataPlaneEvent,
  Input,
  Output,
  Path,
  SaRef,
  WaitingPacket,
} from './core.ts';
import { Driver } from './driver.ts';
import { Endpoint } from './endpoint.ts';
import { deleteIkeSa, deleteWornIkeSa } from './exchanges/delete.ts';
import { deleteChild, deleteTunnel, deleteWornChild } from './exchanges/delete-child.ts';
import { dial, giveUpFrom } from './exchanges/dial.ts';
import { liveness, probe } from './exchanges/liveness.ts';
import { createWanted } from './exchanges/new-child.ts';
import { rekeyChild } from './exchanges/rekey-child.ts';
import { rekeyIke } from './exchanges/rekey-ike.ts';
import { isCarriedBy, widening } from './exchanges/widen.ts';
import { addressesChanged } from './extensions/additional-addresses.ts';
import { isMobile, updateAddresses } from './extensions/mobike.ts';
import { natOf } from './extensions/nat-detection.ts';
import { Host } from './host.ts';
import { reportBug, reportFailedAttempt } from './refusal.ts';
import type { ChildSa } from './sa/child-sa.ts';
import { IkeSa } from './sa/ike-sa.ts';
import { keepAlive } from './sa/keepalive.ts';
import { bury, removeChild, retire } from './sa/lifecycle.ts';
import { peerAddresses } from './sa/paths.ts';
import { isRenewable, renew } from './sa/renewal.ts';
import { move } from './sa/roam.ts';
import type { TimerName } from './sa/timers.ts';
import { whyStalled } from './stalled.ts';
import type { Steps } from './steps.ts';

/**
 * @param rng random bytes; with a seeded one, the same inputs give the same effects byte for byte
 */
export function createCore(policy: Policy, primitives: Primitives, rng: Rng): Core {
  return new PureCore(policy, primitives, rng);
}

class PureCore implements Core {
  readonly #host: Host;
  readonly #driver: Driver;
  readonly #endpoint: Endpoint;

  constructor(policy: Policy, primitives: Primitives, rng: Rng) {
    this.#host = new Host(policy, primitives, rng);
    this.#driver = new Driver(this.#host);
    this.#endpoint = new Endpoint(this.#host, this.#driver);
  }

  handle(now: Instant, input: Input): Output {
    this.#host.beginTurn(now);
    try {
      this.#take(input);
      this.#wake();
      for (let sa = this.#host.nudged.shift(); sa; sa = this.#host.nudged.shift()) {
        this.#driver.resume(sa);
      }
    } catch (error) {
      reportBug(this.#host, undefined, error);
    }
    return { effects: this.#host.endTurn(), deadline: this.#host.deadline };
  }

  snapshot(): CoreSnapshot {
    const sas = this.#host.registry.all.filter(({ phase }) => phase !== 'closing');
    return {
      sas: sas.map((sa) => {
        const { local, remote } = natOf(sa);
        return sa.snapshot({ nat: { local, remote }, peerAddresses: peerAddresses(sa) });
      }),
      counters: Object.fromEntries(this.#host.counters),
    };
  }

  #take(input: Input): void {
    switch (input.kind) {
      case 'datagram':
        this.#endpoint.receive(input.path, input.bytes);
        return;
      case 'answer':
        this.#driver.answer(input.ticket, input.answer);
        return;
      case 'command':
        this.#obey(input.command);
        return;
      case 'dataplane':
        this.#heed(input.event);
        return;
      case 'wake':
        return;
      default:
        unreachable(input);
    }
  }

  #obey(command: Command): void {
    switch (command.kind) {
      case 'initiate':
        this.#initiate(command);
        return;
      case 'widen':
        this.#widen(command.connection, command.packet);
        return;
      case 'terminate':
        this.#end(command.which);
        return;
      case 'rekey':
        this.#rekey(command.sa, command.child);
        return;
      case 'roam':
        this.#roam(command.sa, command.local, command.remote);
        return;
      case 'addresses':
        this.#readdress(command.addresses);
        return;
      case 'policy':
        this.#host.policy = command.policy;
        return;
      default:
        unreachable(command);
    }
  }

  #initiate({ connection: name, path, packet, redirected }: Initiate): void {
    const { policy, registry } = this.#host;
    const connection = policy.connections.find((one) => one.name === name);
    if (!connection && redirected) return; // it went while the other gateway was looked for
    invariant(connection, `no connection ${name}`);
    // It may have got new keys meanwhile.
    const old = registry.all.find(
      ({ id, predecessor }) => (predecessor?.id ?? id) === redirected?.instead,
    );
    // It may have ended, or something else is to take its place.
    if (redirected?.instead !== undefined && !(old && isRenewable(old))) return;
    this.#dial(connection, path, { old, packet, redirectedFrom: redirected?.from });
  }

  /** A new IKE SA beside one that stands; when it is up, it takes the place of that. */
  #reauthenticate(old: IkeSa): void {
    const { connections } = this.#host.policy;
    const connection = connections.find(({ name }) => name === old.connection?.name);
    if (!connection || !old.dialled || !isRenewable(old)) return;
    // Where it stands, a NAT and a firewall let it through; 4500 is as good as 500 to begin with (RFC 7296 §2.23).
    this.#dial(connection, old.path, { old });
  }

  #dial(connection: Connection, path: Path, { old, packet, redirectedFrom }: DialFields): void {
    const spiR = new Uint8Array(8);
    const sa = new IkeSa(this.#host, { role: 'initiator', spiI: this.#host.drawSpi(), spiR, path });
    this.#host.registry.add(sa);
    if (old) renew(old, sa);
    sa.redirectedFrom = redirectedFrom;
    this.#driver.spawn(sa, () => dial(sa, connection, packet));
  }

  #widen(name: string, packet: WaitingPacket): void {
    const standing = this.#host.registry.all.filter(
      ({ phase, connection, heirOf, task }) =>
        phase === 'established' &&
        connection?.name === name &&
        !heirOf &&
        task?.kind !== 'delete-ike',
    );
    const sa = standing.find((one) => isCarriedBy(one, packet)) ?? standing[0];
    if (sa) this.#driver.spawn(sa, widening(packet));
    else this.#host.emit({ kind: 'untrap', connection: name, isCarried: false });
  }

  #rekey(ref: SaRef, child: ChildRef | undefined): void {
    const sa = this.#host.registry.byRef(ref);
    const old = child && sa?.child(child);
    if (sa && old) this.#driver.spawn(sa, (now) => rekeyChild(now, old));
    else if (sa && child === undefined) this.#driver.spawn(sa, rekeyIke);
  }

  /**
   * Our own address changed: what can move moves, what cannot must be dialled anew. A rekeyed SA that still
   * waits for its DELETE moves too: the peer may not know yet that it was rekeyed, and listen there alone.
   */
  #roam(ref: SaRef, local: Ip, remote: Ip): void {
    const sa = this.#host.registry.byRef(ref);
    const stands = (sa?.phase === 'established' || sa?.phase === 'rekeying') && !sa.heirOf;
    if (!sa?.dialled || !stands) return;
    const { path } = sa;
    const isSame = path.local.ip === local && path.remote.ip === remote;
    if (!isSame && !isMobile(sa)) {
      retire(sa, { cause: 'timeout', why: 'our address changed, and the peer cannot follow' });
      return;
    }
    sa.path = { local: { ...path.local, ip: local }, remote: { ...path.remote, ip: remote } };
    // What waits for an answer goes out again from the new address at once.
    sa.window.forgetLosses();
    this.#driver.retransmit(sa);
    if (isMobile(sa)) this.#driver.spawn(sa, updateAddresses);
  }

  #readdress(addresses: readonly Ip[]): void {
    const gone = this.#host.addresses.filter((ip) => !addresses.includes(ip));
    this.#host.addresses = addresses;
    for (const sa of this.#host.registry.all) {
      giveUpFrom(sa, gone);
      addressesChanged(sa, gone);
      this.#driver.resume(sa);
    }
  }

  #end(which: Extract<Command, { kind: 'terminate' }>['which']): void {
    const { registry } = this.#host;
    if (typeof which === 'object' && 'child' in which) {
      const found = registry.childByRef(which.child);
      if (found) this.#driver.spawn(found.sa, (now) => deleteTunnel(now, found.child, asked));
      return;
    }
    const isMeant = ({ id, connection }: IkeSa) =>
      which === 'all' ||
      (typeof which === 'number' ? id === which : connection?.name === which.connection);
    // Of two rekeys that crossed, the one not decided on goes with the SA that it would replace.
    const meant = registry.all.filter((sa) => isMeant(sa) && !sa.heirOf);
    for (const sa of meant) this.#terminate(sa, asked);
  }

  /** @param farewell what is said where the SA stands, when its turn has come */
  #terminate(
    sa: IkeSa,
    why: string,
    farewell = (now: IkeSa): Steps<void> => deleteIkeSa(now, why),
  ): void {
    const stands = sa.phase === 'established' || sa.phase === 'rekeying';
    // What is being dialled in its place was not meant to outlive it.
    const { renewal } = sa;
    if (renewal?.dialled && renewal.establishedAt === undefined)
      retire(renewal, { cause: 'deleted-by-us', why });
    sa.timers.stop('reauthenticate');
    if (stands) this.#driver.spawn(sa, farewell);
    else retire(sa, { cause: 'deleted-by-us', why });
  }

  #heed(event: DataPlaneEvent): void {
    const found = this.#host.registry.childByRef(event.child);
    if (!found) return; // it was removed while the event was on its way
    const { sa, child } = found;
    switch (event.kind) {
      case 'moved':
        // Who dialled says where it goes: a peer that moves tells (RFC 4555 §3.6), and one behind a NAT cannot.
        if (!sa.dialled) move(sa, event.path);
        return;
      case 'used':
        child.isActive = true;
        return;
      case 'soft-limit':
        this.#driver.spawn(sa, (now) => rekeyChild(now, child));
        return;
      case 'hard-limit':
        this.#wornOut(sa, child);
        return;
      default:
        unreachable(event);
    }
  }

  /** Runs every timer that is due. */
  #wake(): void {
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
        this.#reauthenticate(sa);
        return;
      case 'unauthenticated':
        this.#terminate(sa, 'its authentication is too old');
        return;
      case 'unproven':
        if (sa.children.some(({ isActive }) => !isActive)) this.#driver.spawn(sa, probe);
        return;
      case 'outlived':
        this.#terminate(sa, 'the peer made a new connection, and never ended this one');
        return;
      case 'new-child':
        this.#driver.spawn(sa, createWanted);
        return;
      case 'worn-out':
        this.#terminate(sa, worn, (now) => deleteWornIkeSa(now, sa, worn));
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
    if (timer === 'worn-out') this.#wornOut(sa, child);
    if (timer === 'drained') removeChild(sa, child, 'its keys were renewed');
    const why = 'the peer renewed its keys, and never deleted it';
    if (timer === 'abandoned') this.#driver.spawn(sa, (now) => deleteChild(now, child, why));
  }

  /** Nothing may be sent on it any more; the peer must hear of it, or it would send into a black hole. */
  #wornOut(sa: IkeSa, child: ChildSa): void {
    const why = 'the keys of its tunnel are worn out, and the peer made no new ones';
    const hasOther = sa.children.some((one) => one !== child && one.state !== 'draining');
    if (hasOther) this.#driver.spawn(sa, (now) => deleteChild(now, child, why));
    // With its last tunnel gone, it is better that it dials again.
    else this.#terminate(sa, why, (now) => deleteWornChild(now, child, why));
  }
}

type Initiate = Extract<Command, { kind: 'initiate' }>;
interface DialFields {
  /** What it is to replace. */
  readonly old?: IkeSa | undefined;
  readonly packet?: WaitingPacket | undefined;
  readonly redirectedFrom?: Ip | undefined;
}

const asked = 'disconnected here';
const worn = 'its keys are worn out, and the peer made no new ones';
