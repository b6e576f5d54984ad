// What the owner and the daemon have the core do (Command of core.ts): dial, rekey, move, hang up.
import { invariant, unreachable } from '../base/invariant.ts';
import type { Ip } from '../base/ip.ts';
import type { Connection } from '../policy/policy.ts';
import type { ChildRef, Command, Path, SaRef, WaitingPacket } from './core.ts';
import type { Driver } from './driver.ts';
import { deleteIkeSa } from './exchanges/delete.ts';
import { deleteTunnel } from './exchanges/delete-child.ts';
import { dial, giveUpFrom } from './exchanges/dial.ts';
import { rekeyChild } from './exchanges/rekey-child.ts';
import { rekeyIke } from './exchanges/rekey-ike.ts';
import { isCarriedBy, widening } from './exchanges/widen.ts';
import { addressesChanged } from './extensions/additional-addresses.ts';
import { isMobile, updateAddresses } from './extensions/mobike.ts';
import type { Host } from './host.ts';
import { IkeSa } from './sa/ike-sa.ts';
import { retire } from './sa/lifecycle.ts';
import { isRenewable, renew } from './sa/renewal.ts';
import type { Steps } from './steps.ts';

export class Commands {
  readonly #host: Host;
  readonly #driver: Driver;

  constructor(host: Host, driver: Driver) {
    this.#host = host;
    this.#driver = driver;
  }

  obey(command: Command): void {
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
      case 'disclose':
        this.#host.isDisclosing = command.isOn;
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
  reauthenticate(old: IkeSa): void {
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
      if (addressesChanged(sa, gone)) this.#driver.retransmit(sa);
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
    for (const sa of meant) this.terminate(sa, asked);
  }

  /** @param farewell what is said where the SA stands, when its turn has come */
  terminate(
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
}

type Initiate = Extract<Command, { kind: 'initiate' }>;
interface DialFields {
  /** What it is to replace. */
  readonly old?: IkeSa | undefined;
  readonly packet?: WaitingPacket | undefined;
  readonly redirectedFrom?: Ip | undefined;
}

const asked = 'disconnected here';
