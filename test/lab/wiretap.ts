// Counts on the Internet: packets of the tunnels, and packets with an inner address in the clear, of which there
// must be none.
import { type Home, network } from './home.ts';

export interface WireCount {
  readonly packets: number;
  readonly bytes: number;
}
export interface WireCounts {
  readonly tunnelled: WireCount;
  readonly inTheClear: WireCount;
}

export class Wiretap {
  readonly #home: Home;

  constructor(home: Home) {
    this.#home = home;
    home.internet.nft(`table inet wiretap {
      counter tunnelled { }
      counter clear { }
      chain forward {
        type filter hook forward priority 10;
        udp sport 4500 counter name tunnelled
        udp dport 4500 counter name tunnelled
        meta l4proto esp counter name tunnelled
        ip saddr { ${v4} } counter name clear
        ip daddr { ${v4} } counter name clear
        ip6 saddr { ${v6} } counter name clear
        ip6 daddr { ${v6} } counter name clear
      }
    }`);
  }

  read(): WireCounts {
    return { tunnelled: this.#count('tunnelled'), inTheClear: this.#count('clear') };
  }

  remove(): void {
    this.#home.internet.nft('delete table inet wiretap');
  }

  #count(name: string): WireCount {
    const text = this.#home.internet.runNow('nft', 'list', 'counter', 'inet', 'wiretap', name);
    const [, packets, bytes] = /packets (\d+) bytes (\d+)/.exec(text) ?? [];
    return { packets: Number(packets), bytes: Number(bytes) };
  }
}

const v4 = [network.lan, network.pool].join(', ');
const v6 = [network.lan6, network.pool6].join(', ');
