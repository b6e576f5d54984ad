// A home as the Internet sees it, in five namespaces.
//
//   phone ───── nat ───────── internet ───────── router ───── lan
//   .7.10     .7.1 │ .100.7   .100.1 │ .113.1    .113.2 │ .1.1    .1.10
//   192.168.7.0/24 │ 198.51.100.0/24 │ 203.0.113.0/24   │ 192.168.1.0/24
//   2001:db8:7::/64│ 2001:db8:100::  │ 2001:db8:113::   │ 2001:db8:1::/64
//
// `nat` is the hotel's router: it masquerades IPv4 behind 198.51.100.7, with ports of its own choice, and
// routes IPv6. `router` is the home gateway under test; `lan` serves a web page behind it.
import { Lab } from './lab.ts';
import { connect, type Namespace } from './namespace.ts';

/** Addresses that tests name. */
export const address = {
  phone: '192.168.7.10',
  phone6: '2001:db8:7::10',
  nat: '198.51.100.7',
  router: '203.0.113.2',
  router6: '2001:db8:113::2',
  lan: '192.168.1.10',
  lan6: '2001:db8:1::10',
} as const;

/** What hides behind the router, and what the router hands out to its guests. */
export const network = {
  lan: '192.168.1.0/24',
  lan6: '2001:db8:1::/64',
  pool: '10.10.10.0/24',
  pool6: '2001:db8:10::/64',
} as const;

export interface HomeOptions {
  /**
   * `offloads`: the cables carry segments of up to 64 KiB, as between namespaces. `nic`: the cables carry one
   * packet after the other, as copper does; captures then show what a real wire would.
   */
  readonly wire?: 'offloads' | 'nic';
}

export class Home {
  readonly lab: Lab;
  readonly phone: Namespace;
  readonly nat: Namespace;
  readonly internet: Namespace;
  readonly router: Namespace;
  readonly lan: Namespace;

  private constructor(lab: Lab) {
    this.lab = lab;
    this.phone = lab.namespace('phone');
    this.nat = lab.namespace('nat');
    this.internet = lab.namespace('internet');
    this.router = lab.namespace('router');
    this.lan = lab.namespace('lan');
  }

  static async build({ wire = 'offloads' }: HomeOptions = {}): Promise<Home> {
    const lab = await Lab.open();
    try {
      const home = new Home(lab);
      home.#lay();
      home.#masquerade();
      if (wire === 'nic') home.#switchOffloadsOff();
      return home;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.lab.close();
  }

  /** From now on the Internet drops this share of the UDP packets, at random, in both directions. */
  lose(percent: number): void {
    this.internet.nft(`table inet loss {
      chain forward {
        type filter hook forward priority 0;
        meta l4proto udp numgen random mod 100 < ${percent} counter drop
      }
    }`);
  }

  /** From now on the Internet drops every `nth` UDP packet with more than `bytes`, in both directions. @returns so many */
  loseLong(nth: number, bytes: number): () => number {
    this.internet.nft(`table inet longs {
      counter lost { }
      chain forward {
        type filter hook forward priority 0;
        meta l4proto udp meta length > ${bytes} numgen inc mod ${nth} == 0 counter name lost drop
      }
    }`);
    return () => {
      const text = this.internet.runNow('nft', 'list', 'counter', 'inet', 'longs', 'lost');
      return Number(/packets (\d+)/.exec(text)?.[1]);
    };
  }

  #lay(): void {
    const { phone, nat, internet, router, lan } = this;
    connect({ host: phone, device: 'wlan0' }, { host: nat, device: 'lan0' });
    connect({ host: nat, device: 'wan0' }, { host: internet, device: 'hotel' });
    connect({ host: internet, device: 'isp' }, { host: router, device: 'wan0' });
    connect({ host: router, device: 'lan0' }, { host: lan, device: 'eth0' });

    phone.address('wlan0', `${address.phone}/24`, `${address.phone6}/64`);
    nat.address('lan0', '192.168.7.1/24', '2001:db8:7::1/64');
    nat.address('wan0', `${address.nat}/24`, '2001:db8:100::7/64');
    internet.address('hotel', '198.51.100.1/24', '2001:db8:100::1/64');
    internet.address('isp', '203.0.113.1/24', '2001:db8:113::1/64');
    router.address('wan0', `${address.router}/24`, `${address.router6}/64`);
    router.address('lan0', '192.168.1.1/24', '2001:db8:1::1/64');
    lan.address('eth0', `${address.lan}/24`, `${address.lan6}/64`);

    for (const host of [nat, internet, router]) host.forward();
    routeBy(phone, '192.168.7.1', '2001:db8:7::1');
    routeBy(nat, '198.51.100.1', '2001:db8:100::1');
    routeBy(router, '203.0.113.1', '2001:db8:113::1');
    routeBy(lan, '192.168.1.1', '2001:db8:1::1');
    internet.route('2001:db8:7::/64', '2001:db8:100::7');
  }

  #masquerade(): void {
    this.nat.nft(`table ip nat {
      chain postrouting {
        type nat hook postrouting priority 100;
        # Above the ports that tshark takes for some other protocol's.
        oifname "wan0" meta l4proto { tcp, udp } masquerade to :20000-65535 random
        oifname "wan0" masquerade
      }
    }`);
  }

  #switchOffloadsOff(): void {
    const ends: readonly [Namespace, string][] = [
      [this.phone, 'wlan0'],
      [this.nat, 'lan0'],
      [this.nat, 'wan0'],
      [this.internet, 'hotel'],
      [this.internet, 'isp'],
      [this.router, 'wan0'],
    ];
    for (const [host, device] of ends) {
      host.runNow(
        'ethtool',
        '-K',
        device,
        'tso',
        'off',
        'gso',
        'off',
        'tx-udp-segmentation',
        'off',
      );
    }
  }
}

/** Sends everything of a host there. */
export function routeBy(host: Namespace, v4: string, v6: string): void {
  host.route('default', v4);
  host.route('default', v6);
}
