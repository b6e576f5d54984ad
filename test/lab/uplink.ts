// A second way out for the phone, beside the hotel's: the mobile network.
//
//   phone ── wwan0 ───── cell ───────── internet
//            .64.10   .64.1 │ .2.7      .2.1
//            10.64.0.0/24   │ 192.0.2.0/24
//            2001:db8:64::/64
//
// It costs more than the hotel's (metric 400), so that it is used once that one is gone. `cell` translates nothing.
import { address, type Home, routeBy } from './home.ts';
import { connect } from './namespace.ts';

export const uplink = { phone: '10.64.0.10', phone6: '2001:db8:64::10', nat: '192.0.2.7' } as const;

export function addUplink(home: Home): void {
  const { lab, phone, internet } = home;
  const cell = lab.namespace('cell');
  connect({ host: phone, device: 'wwan0' }, { host: cell, device: 'lan0' });
  connect({ host: cell, device: 'wan0' }, { host: internet, device: 'mobile' });
  phone.address('wwan0', ...phoneOn.wwan0);
  cell.address('lan0', '10.64.0.1/24', '2001:db8:64::1/64');
  cell.address('wan0', `${uplink.nat}/24`, '2001:db8:2::7/64');
  internet.address('mobile', '192.0.2.1/24', '2001:db8:2::1/64');
  cell.forward();
  routeBy(cell, '192.0.2.1', '2001:db8:2::1');
  internet.route('10.64.0.0/24', uplink.nat);
  internet.route('2001:db8:64::/64', '2001:db8:2::7');
  // Nobody sends from elsewhere through a mobile network.
  cell.nft(`table inet origin {
    chain forward {
      type filter hook forward priority 0;
      iifname "lan0" ip saddr != 10.64.0.0/24 drop
    }
  }`);
  leadPhoneThrough(home, 'wwan0');
}

/** Takes one of the phone's uplinks away, with its addresses, as a phone's own software would. */
export function cut({ phone }: Home, device: Uplink): void {
  phone.ip('addr', 'flush', 'dev', device);
  phone.ip('link', 'set', device, 'down');
}

export function mend(home: Home, device: Uplink): void {
  home.phone.ip('link', 'set', device, 'up');
  home.phone.address(device, ...phoneOn[device]);
  leadPhoneThrough(home, device);
}

/** The hotel's NAT is switched off and on: it knows nobody any more, and chooses other ports. */
export function restartNat({ nat }: Home): void {
  // What masquerades through a link is forgotten when that goes down.
  nat.ip('link', 'set', 'wan0', 'down');
  nat.ip('link', 'set', 'wan0', 'up');
  nat.ip('addr', 'replace', '2001:db8:100::7/64', 'dev', 'wan0', 'nodad');
  nat.ip('-4', 'route', 'replace', 'default', 'via', '198.51.100.1');
  nat.ip('-6', 'route', 'replace', 'default', 'via', '2001:db8:100::1');
}

type Uplink = 'wlan0' | 'wwan0';

function leadPhoneThrough({ phone }: Home, device: Uplink): void {
  const [v4, v6, metric] = gateways[device];
  for (const [family, via] of [
    ['-4', v4],
    ['-6', v6],
  ] as const) {
    phone.ip(family, 'route', 'replace', 'default', 'via', via, 'dev', device, 'metric', metric);
  }
}

const phoneOn = {
  wlan0: [`${address.phone}/24`, `${address.phone6}/64`],
  wwan0: [`${uplink.phone}/24`, `${uplink.phone6}/64`],
} as const;

const gateways = {
  wlan0: ['192.168.7.1', '2001:db8:7::1', '100'],
  wwan0: ['10.64.0.1', '2001:db8:64::1', '400'],
} as const;
