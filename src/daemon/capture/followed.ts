// Which IKE SAs and tunnels are those of the peer that is looked at: by its address, or by a name that it proves. Once
// known they stay so: new keys, another address and a hang-up change nothing about whose they are.
import { type Ip, parseIp } from '../../base/ip.ts';
import type { SaRef, SaSnapshot } from '../../ike/core.ts';
import type { TraceEvent } from '../../ike/events.ts';

export class Followed {
  readonly #address: Ip | undefined;
  readonly #name: string;
  readonly #namesOf: (sa: SaSnapshot) => readonly (string | undefined)[];
  readonly #sas = new Set<SaRef>();
  /** By SPIi in hexadecimal: whether it is the peer's. */
  readonly #spis = new Map<string, boolean>();
  readonly #tunnels: number[] = [];
  #standing: readonly SaSnapshot[] = [];

  /** @param peer an address; else the name of a device, of a user, or an identity */
  constructor(peer: string, namesOf: (sa: SaSnapshot) => readonly (string | undefined)[]) {
    this.#address = parseIp(peer);
    this.#name = peer.toLowerCase();
    this.#namesOf = namesOf;
  }

  /** Of which everything belongs to the peer. */
  get addresses(): readonly Ip[] {
    return this.#address === undefined ? [] : [this.#address];
  }

  /** Inbound SPIs of its tunnels, the last that there is room for. */
  get tunnels(): readonly number[] {
    return this.#tunnels;
  }

  /** Its IKE SAs at the moment. */
  get standing(): readonly SaSnapshot[] {
    return this.#standing;
  }

  has(sa: SaRef): boolean {
    return this.#sas.has(sa);
  }

  hasSpi(spiI: string): boolean {
    return this.#spis.get(spiI) === true;
  }

  /** Undefined: nobody has proved who it is, so that it may turn out to be the peer's. */
  owns(spiI: string, remote: Ip): boolean | undefined {
    if (remote === this.#address || this.hasSpi(spiI)) return true;
    return this.#address === undefined ? this.#spis.get(spiI) : false;
  }

  /** @returns whether the event tells of the peer without an SA that could be looked at */
  isAbout({ peer }: TraceEvent & { readonly kind: 'attempt.failed' }): boolean {
    return this.#address === undefined && peer?.toLowerCase() === this.#name;
  }

  succeed(old: SaRef, next: SaRef): void {
    if (this.#sas.has(old)) this.#sas.add(next);
  }

  /** Finds out what is the peer's among the SAs of the moment. */
  look(sas: readonly SaSnapshot[]): void {
    this.#standing = sas.filter((sa) => this.#isOurs(sa));
    for (const sa of this.#standing) {
      this.#sas.add(sa.id);
      this.#spis.set(sa.spiI, true);
      for (const { spiIn } of sa.children) this.#follow(Number.parseInt(spiIn, 16));
    }
    for (const { spiI, establishedAt } of sas) {
      if (establishedAt !== undefined && !this.#spis.has(spiI)) this.#spis.set(spiI, false);
    }
    for (const oldest of this.#spis.keys()) {
      if (this.#spis.size <= mostSpis) break;
      this.#spis.delete(oldest);
    }
  }

  #isOurs(sa: SaSnapshot): boolean {
    if (this.#sas.has(sa.id)) return true;
    if (this.#address !== undefined) return sa.path.remote.ip === this.#address;
    return this.#namesOf(sa).some((name) => name?.toLowerCase() === this.#name);
  }

  #follow(spi: number): void {
    if (this.#tunnels.includes(spi)) return;
    this.#tunnels.push(spi);
    if (this.#tunnels.length > mostTunnels) this.#tunnels.shift();
  }
}

/** As many as the C module compares with. */
const mostTunnels = 64;
/** More than a home has devices. */
const mostSpis = 4096;
