// The gateways that a crowd of clients comes to: ours, and charon's.
import { Charon } from '../lab/charon.ts';
import { Gateway } from '../lab/gateway.ts';
import { gatewayName } from '../lab/phone.ts';
import type { Settings } from '../lab/swanctl.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';
import { everyone, type Offered, PSK } from './crowd.ts';
import { inner, type Pair } from './pair.ts';

const POOL = '10.3.0.0/24';

export type Start = (pair: Pair, offered: Offered) => Promise<{ readonly pid: number }>;

/** Starts one on the right. @returns seconds until it listens, too */
export async function open(
  pair: Pair,
  offered: Offered,
  start: Start,
): Promise<{ readonly pid: number; readonly seconds: number }> {
  pair.right.address('lo', `${inner.right}/32`);
  const began = performance.now();
  const starting = start(pair, offered);
  await until('the gateway listens', () => listens(pair), 20_000);
  const seconds = (performance.now() - began) / 1000;
  return { pid: (await starting).pid, seconds };
}

/** Whether somebody on the right has UDP port 500: 01F4. */
function listens(pair: Pair): boolean {
  return /: 0{8}:01F4|: [0-9A-F]{8}:01F4/.test(pair.right.runNow('cat', '/proc/net/udp'));
}

export const ours: Start = ({ lab, right }, { ike, esp }) => {
  const common = { local_auth: 'psk', remote_auth: ['psk'], ike: [ike], esp: [esp] };
  const sections = [
    section('service', 'main', { identity: gatewayName, log: 'warn' }),
    section('pool', 'addresses', { range: [POOL] }),
    section('connection', 'clients', {
      ...common,
      pool: 'addresses',
      local_ts: [`${inner.right}/32`],
    }),
    section('psk', 'key', { id: everyone().map(({ name }) => name), secret: PSK }),
  ];
  return Gateway.start(lab, right, sections, { name: 'right' });
};

export const swan: Start = ({ lab, right }, { ike, esp, version }) => {
  const children = {
    net: { local_ts: `${inner.right}/32`, esp_proposals: esp },
  };
  const config: Settings = {
    connections: {
      clients: {
        version: 2,
        proposals: ike,
        encap: true,
        pools: 'addresses',
        local: { auth: 'psk', id: gatewayName },
        remote: { auth: 'psk' },
        children,
      },
    },
    pools: { addresses: { addrs: POOL } },
    secrets: { 'ike-all': { secret: PSK } },
  };
  const release = version === undefined ? {} : { version };
  const options = { name: 'right', config, daemon: { filelog: {} }, ...release };
  return Charon.start(lab, right, options);
};
