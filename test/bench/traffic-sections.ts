// Through each tunnel: one and four TCP streams, UDP packets, pings; over a cable with offloads and over one without;
// and one flow of ours among up to ten thousand SAs.
import { inPair, type Pair, type Wire } from './pair.ts';
import { burst, type Figures, idle, loaded, SECONDS, serve, stream } from './probes.ts';
import type { Row, Section } from './section.ts';
import { type Connected, keyed, type Tunnel, tunnels } from './tunnels.ts';

/** By the word that chooses it: what is measured, in how many seconds. */
interface Probe {
  readonly word: string;
  readonly seconds: number;
  readonly measure: (pair: Pair, connected: Connected) => Promise<Figures>;
}

const probes: readonly Probe[] = [
  {
    word: 'tcp',
    seconds: 2 * (SECONDS + 1.5),
    measure: async (pair, connected) => ({
      ...(await stream(pair, connected, 1)),
      ...(await stream(pair, connected, 4)),
    }),
  },
  {
    word: 'udp',
    seconds: 3 * SECONDS,
    measure: async (pair, connected) => ({
      ...(await burst(pair, connected, 64)),
      ...(await burst(pair, connected, 200)),
      ...(await burst(pair, connected, 1400 - UDP_HEADERS)),
    }),
  },
  {
    word: 'ping',
    seconds: SECONDS + 4,
    measure: async (pair, connected) => ({
      ...(await idle(pair, connected)),
      ...(await loaded(pair, connected)),
    }),
  },
];

/** A packet of 1,400 bytes is as long as a tunnel takes in one piece. */
const UDP_HEADERS = 28;
const CONNECT_SECONDS = 3;

const figures = [
  { key: 'tcp1', title: '1 stream, Mb/s', digits: 0, word: 'tcp' },
  { key: 'tcp4', title: '4 streams, Mb/s', digits: 0, word: 'tcp' },
  { key: 'cpu1', title: 'CPU s/GB, all', digits: 2, word: 'tcp' },
  { key: 'ends1', title: 'CPU s/GB, ends', digits: 2, word: 'tcp' },
  { key: 'udp64', title: 'UDP 64 B, k/s', digits: 1, word: 'udp' },
  { key: 'loss64', title: 'lost, %', digits: 0, word: 'udp' },
  { key: 'udp200', title: '200 B, k/s', digits: 1, word: 'udp' },
  { key: 'loss200', title: 'lost, %', digits: 0, word: 'udp' },
  { key: 'udp1372', title: '1,372 B, k/s', digits: 1, word: 'udp' },
  { key: 'loss1372', title: 'lost, %', digits: 0, word: 'udp' },
  { key: 'ping', title: 'ping, µs', digits: 0, word: 'ping' },
  { key: 'loaded-ping', title: 'under load', digits: 0, word: 'ping' },
  { key: 'loaded-ping-p99', title: 'its 99 %', digits: 0, word: 'ping' },
] as const;

/** @param wanted words of the probes; a section for each, but measured in one connection */
export function throughTunnels(wanted: ReadonlySet<string>): Section[] {
  const chosen = probes.filter(({ word }) => wanted.has(word));
  if (chosen.length === 0) return [];
  return [
    {
      key: 'tunnels',
      title: 'through a tunnel, both ends on this machine',
      rows: tunnels.map((tunnel) => rowOf(tunnel, 'offloads', chosen)),
      figures: figures.filter(({ word }) => wanted.has(word)),
      seconds: CONNECT_SECONDS + chosen.reduce((sum, { seconds }) => sum + seconds, 0),
    },
  ];
}

const LIKE_A_NIC = ['plain', 'null', 'ours', 'wireguard', 'swan'];

export function overNic(): Section {
  const chosen = probes.filter(({ word }) => word === 'tcp');
  const rows = tunnels.filter(({ key }) => LIKE_A_NIC.includes(key));
  return {
    key: 'nic',
    title: 'the same over a cable without segmentation offload, as a NIC is one',
    rows: rows.map((tunnel) => rowOf(tunnel, 'nic', chosen)),
    figures: figures.filter(({ word }) => word === 'tcp'),
    seconds: CONNECT_SECONDS + chosen.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

export function amongMany(): Section {
  return {
    key: 'sas',
    title: 'one flow of ours among other SAs',
    rows: [1, 10, 100, 1_000, 10_000].map((count) => ({
      key: `${count}`,
      title: `${count}`,
      whyNot: () => tunnels.find(({ key }) => key === 'ours')?.whyNot(),
      measure: () =>
        inPair('offloads', async (pair) => {
          await serve(pair);
          const connected = await keyed(pair, { crowd: count - 1 });
          return {
            ...(await stream(pair, connected, 1)),
            ...(await burst(pair, connected, 64)),
          };
        }),
    })),
    figures: figures.filter(({ key }) => ['tcp1', 'udp64', 'loss64'].includes(key)),
    seconds: CONNECT_SECONDS + 2 * SECONDS + 1,
  };
}

function rowOf(tunnel: Tunnel, wire: Wire, chosen: readonly Probe[]): Row {
  const { key, title, whyNot } = tunnel;
  const measure = () =>
    inPair(wire, async (pair) => {
      await serve(pair);
      const connected = await tunnel.connect(pair);
      let all: Figures = {};
      for (const probe of chosen) all = { ...all, ...(await probe.measure(pair, connected)) };
      return all;
    });
  return { key, title, whyNot, measure };
}
