// A gateway that is only played: any number of devices, names as hostile as one likes, figures that move. For what takes
// long or many with a real one.
import type { GatewayOnBus } from './objects.ts';

interface Device {
  readonly name: string;
  readonly owner?: string;
  readonly platform?: string;
}

export interface PlayedGateway extends GatewayOnBus {
  /** Whether it is on the bus. */
  isThere: boolean;
  /** Two seconds pass: tunnels carry something, and whoever follows is told. */
  tick(): void;
  tell(event: string, data: object): void;
  /** Answers of methods, besides those that follow from its devices. */
  readonly says: Record<string, object>;
  /** Answers a method by its parameters. */
  answer(method: string, by: (params: { since?: number; offset?: number }) => object): void;
  /** Calls that change something. */
  readonly calls: [string, object][];
}

export function playGateway(devices: readonly Device[]): PlayedGateway {
  const listeners = new Set<(event: string, data: object) => void>();
  const startedAt = Math.floor(Date.now() / 1000) - 8000;
  const sas = devices.map((device, i) => playedSa(device.name, i, startedAt));
  /** Of its samples, which come faster here than from a router. */
  let clock = startedAt;
  const ended = new Set<number>();
  const answers = new Map<string, (params: object) => object>();
  const live = () => sas.filter(({ id }) => !ended.has(id));
  const gateway: PlayedGateway = {
    isThere: true,
    calls: [],
    says: {
      devices: { devices: devices.map((device) => playedDevice(device, startedAt)) },
      users: { users: [] },
      events: { events: playedHandshake(startedAt) },
      attempts: { attempts: [] },
      certificates: { certificates: [] },
      config_check: { ok: true, summary: 'ok', problems: [] },
      selftest: { checks: [] },
      captures: { captures: [] },
      connections: { connections: [{ name: 'phones', sas: sas.length }] },
    },
    async call(method, params) {
      if (!gateway.isThere) return undefined;
      if (method === 'status') return { status: 0, data: playedStatus(startedAt, live()) };
      const said = answers.get(method)?.(params) ?? gateway.says[method];
      if (said) return { status: 0, data: said };
      gateway.calls.push([method, params]);
      if (method === 'terminate' && 'sa' in params) ended.add(Number(params.sa));
      return { status: 0, data: {} };
    },
    async follow(listener) {
      if (!gateway.isThere) return undefined;
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    answer: (method, by) => void answers.set(method, by),
    tick() {
      for (const [i, sa] of sas.entries()) {
        const wave = 0.7 + 0.6 * Math.sin(clock / 5 + i);
        sa.rxBytes += Math.round(wave * 40_000 * (1 + (i % 5)));
        sa.txBytes += Math.round(wave * 300_000 * (1 + (i % 3)));
      }
      const figures = live().map(({ id, rxBytes, txBytes }) => ({ id, rxBytes, txBytes }));
      clock += 2;
      gateway.tell('sample', { at: clock, sas: figures });
    },
    tell(event, data) {
      for (const listener of listeners) listener(event, data);
    },
  };
  return gateway;
}

function playedStatus(startedAt: number, sas: readonly object[]): object {
  return {
    ...{
      state: 'running',
      version: '0.1.0',
      started: startedAt,
      device: 'ipsec0',
      aead: 'gcm-vaes',
    },
    uptime: Math.floor(Date.now() / 1000) - startedAt,
    listen: ['*:500', '*:4500'],
    identity: 'vpn.example.org',
    connections: ['phones'],
    certificates: [{ kind: 'certificate', name: 'gateway', notAfter: startedAt + 300 * 86_400 }],
    pools: [{ name: 'guests', ranges: ['10.3.0.0/24'], used: sas.length, size: 1000 }],
    counters: { ike: {}, esp: {} },
    sas,
  };
}

function playedSa(name: string, i: number, startedAt: number) {
  const suite = i % 3 === 1 ? 'aes256-sha256-prfsha256-ecp256' : 'aes256gcm16-prfsha384-ecp384';
  const address = `10.3.${Math.floor(i / 200)}.${2 + (i % 200)}`;
  return {
    ...{ id: i + 1, phase: 'established', role: 'responder', connection: 'phones', user: name },
    peer: name,
    local: '203.0.113.2:4500',
    remote: `198.51.${100 + Math.floor(i / 200)}.${10 + (i % 200)}:${20_000 + i}`,
    nat: 'remote',
    suite,
    addresses: [address, `fd00:3::${(i + 2).toString(16)}`],
    ...{ spiI: '0123456789abcdef', spiR: 'fedcba9876543210' },
    ...{ created: startedAt + i * 60, since: startedAt + i * 60, rekey: startedAt + 14_000 },
    ...{ rxBytes: 3_000_000 * (i + 1), txBytes: 50_000_000 * (i + 1) },
    children: [
      {
        ...{ id: i + 1, suite: 'aes256gcm16', encap: 'udp', local: ['0.0.0.0/0', '::/0'] },
        ...{ remote: [`${address}/32`], spiIn: 'c0ffee01', spiOut: 'c0ffee02' },
        ...{ since: startedAt, rxPackets: 4321, rxBytes: 3_000_000, txPackets: 54_321 },
        ...{
          txBytes: 50_000_000,
          idle: i % 7,
          drops: { replay: i % 2 },
          rekey: startedAt + 11_000,
        },
      },
    ],
  };
}

const playedDevice = ({ name, ...rest }: Device, created: number): object => ({
  ...{ name, auth: 'password', addresses: [], created },
  ...rest,
});

/** With a certificate in three pieces, of which the answer was lost once. */
function playedHandshake(startedAt: number): object[] {
  const path = {
    local: { ip: '203.0.113.2', port: 500 },
    remote: { ip: '198.51.100.10', port: 500 },
  };
  const message = (
    direction: string,
    exchange: string,
    messageId: number,
    payloads: string[],
    fragments = 1,
  ) => ({
    kind: 'message',
    fields: {
      ...{ direction, path, bytes: 300 * fragments },
      message: { exchange, isRequest: direction === 'in', messageId, payloads, fragments },
    },
  });
  const steps: { kind: string; fields: object; line?: string }[] = [
    message('in', 'IKE_SA_INIT', 0, [
      'SA',
      'KE',
      'No',
      'N(NAT_DETECTION_SOURCE_IP)',
      'N(NAT_DETECTION_DESTINATION_IP)',
      'N(IKEV2_FRAGMENTATION_SUPPORTED)',
      'N(SIGNATURE_HASH_ALGORITHMS)',
    ]),
    message('out', 'IKE_SA_INIT', 0, [
      'SA',
      'KE',
      'No',
      'N(NAT_DETECTION_SOURCE_IP)',
      'N(NAT_DETECTION_DESTINATION_IP)',
    ]),
    message('in', 'IKE_AUTH', 1, [
      'IDi',
      'N(INITIAL_CONTACT)',
      'IDr',
      'CPRQ',
      'SA',
      'TSi',
      'TSr',
      'N(MOBIKE_SUPPORTED)',
    ]),
    message('out', 'IKE_AUTH', 1, ['IDr', 'CERT', 'CERT', 'AUTH', 'EAP'], 3),
    { kind: 'repeated', fields: { path, messageId: 1 } },
    message('in', 'IKE_AUTH', 2, ['EAP']),
    message('out', 'IKE_AUTH', 2, ['EAP']),
    message('in', 'IKE_AUTH', 3, ['EAP']),
    message('out', 'IKE_AUTH', 3, ['EAP']),
    message('in', 'IKE_AUTH', 4, ['AUTH']),
    message('out', 'IKE_AUTH', 4, ['AUTH', 'CPRP', 'SA', 'TSi', 'TSr', 'N(MOBIKE_SUPPORTED)']),
    { kind: 'sa.established', fields: {} },
    { kind: 'child.established', fields: {} },
  ];
  return steps.map((step, i) => ({
    ...{
      id: i + 1,
      at:
        startedAt +
        ([0, 0.012, 0.071, 0.094, 2.101, 2.164, 2.17, 2.231, 2.24, 2.301, 2.31, 2.312, 2.313][i] ??
          0),
    },
    ...{ level: 'debug', sa: 1, line: '' },
    ...step,
  }));
}
