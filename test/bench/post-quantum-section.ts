// What ML-KEM-768 behind X25519 costs a handshake: time, processor and bytes, with and without it, charon beside ours.
import type { CharonVersion } from '../lab/charon.ts';
import { whyNot } from '../lab/ready.ts';
import type { Report } from '../lab/report.ts';
import { CLIENTS, handshakeFigures, handshakes, type Offered } from './crowd.ts';
import { inPair } from './pair.ts';
import type { Figures } from './probes.ts';
import type { Row, Section } from './section.ts';
import { open, ours, type Start, swan } from './servers.ts';
import { pick, type Sample, summarize } from './statistics.ts';

/** The first strongSwan that has it as Debian builds it. */
const version: CharonVersion = '6.1';
const plain = 'aes256gcm16-prfsha384-x25519';
const offers = {
  plain: { ike: plain, esp: 'aes256gcm16', version },
  hybrid: { ike: `${plain}-ke1_mlkem768`, esp: 'aes256gcm16', version },
} as const;
const KINDS = [
  ['plain', 'X25519'],
  ['hybrid', 'X25519 and ML-KEM-768'],
] as const;
const SERVERS: readonly (readonly [string, string, Start])[] = [
  ['ours', 'ikev2-ts', ours],
  ['swan', `strongSwan ${version}`, swan],
];

/**
 * Processor time of a core of 1.3 GHz over that of the machine that measures, for JavaScript and OpenSSL alike: a clock
 * of about a third, and an in-order core that does about a third in each of its cycles. Measured on no router.
 */
const A53 = 10;

export function postQuantum(): Section {
  return {
    key: 'post-quantum',
    title: `a gateway and ${CLIENTS} clients of strongSwan ${version}, with and without ML-KEM-768`,
    rows: SERVERS.flatMap(([server, name, start]) =>
      KINDS.map(
        ([kind, words]): Row => ({
          key: `${server}-${kind}`,
          title: `${name}, ${words}`,
          whyNot: () => whyNot('our gateway', 'strongSwan', `peer strongswan-${version}`),
          measure: () => measure(start, offers[kind]),
        }),
      ),
    ),
    figures: [
      ...handshakeFigures,
      { key: 'bytes', title: 'bytes on the wire', digits: 0 },
      { key: 'datagrams', title: 'datagrams', digits: 1 },
    ],
    seconds: 20,
  };
}

const measure = (start: Start, offered: Offered): Promise<Figures> =>
  inPair('offloads', async (pair) => {
    const { pid } = await open(pair, offered, start);
    return handshakes(pair, pid, offered, async () => ({}));
  });

/** What one core of a GL-MT3000 would take for each handshake, and how many it would do. */
export function printRouterHandshakes(report: Report, samples: readonly Sample[]): void {
  const rows = KINDS.flatMap(([kind, words]) => {
    const cost = (figure: string) =>
      summarize(pick(samples, 'post-quantum', `ours-${kind}`, figure), 0)?.median;
    const [cold, warm] = [cost('cpu'), cost('warm-cpu')];
    if (cold === undefined || warm === undefined) return [];
    const columns = [cold, warm].flatMap((ms) => [
      (ms * A53).toFixed(0),
      (1000 / (ms * A53)).toFixed(0),
    ]);
    return [[words, ...columns]];
  });
  if (rows.length === 0) return;
  report.title(
    `estimate: a handshake on a Cortex-A53 of 1.3 GHz, ${A53} times this machine’s time`,
  );
  report.table([['', 'CPU ms each', 'a second', 'later on: CPU ms', 'a second'], ...rows]);
}
