// `make demo`: a phone dials home through a hotel's NAT, first with a pre-shared key, then with a certificate;
// it pings and downloads, and both ends tell what they counted. Ends with 0 only if everything held.
//
//   DEMO_MB=100               size of each download in megabytes
//   KEEP=1                    stays up until Ctrl-C and says how to look around
//   DEMO_GATEWAY=strongswan   puts strongSwan in the gateway's place, which proves the lab itself
import { program } from './checkout.ts';
import { type Outcome, playScene } from './demo-scene-run.ts';
import { certificateScene, pskScene } from './demo-scenes.ts';
import { type AnyGateway, Gateway } from './gateway.ts';
import { address, Home } from './home.ts';
import { whyNot } from './ready.ts';
import { Report, thousands } from './report.ts';
import { serveWebPage } from './traffic.ts';

const report = new Report();
const foreign = process.env['DEMO_GATEWAY'] === 'strongswan';

async function main(): Promise<void> {
  const why = whyNot('strongSwan', 'tshark', ...(foreign ? [] : (['our gateway'] as const)));
  if (why === undefined) await demonstrate(Number(process.env['DEMO_MB'] || 100) * 1e6);
  else report.fact(false, `the demonstration cannot run: ${why}`);
  process.exitCode = report.failures === 0 ? 0 : 1;
}

async function demonstrate(bytes: number): Promise<void> {
  const started = performance.now();
  const home = await Home.build();
  const interruption = new Interruption(home);
  try {
    introduce();
    const page = await serveWebPage(home, bytes);
    const scenes = [pskScene(foreign), certificateScene(foreign)];
    const outcomes: Outcome[] = [];
    for (const [at, scene] of scenes.entries()) {
      report.line();
      report.title(`${at + 1}. ${scene.title}`);
      const stays = process.env['KEEP'] === '1' && at === scenes.length - 1;
      const meanwhile = async (_phone: unknown, gateway: AnyGateway): Promise<void> => {
        if (stays) await stay(home, gateway, interruption);
      };
      outcomes.push(await playScene({ report, home, scene, page, meanwhile }));
    }
    conclude(outcomes, started);
  } catch (error) {
    report.fact(false, error instanceof Error ? error.message : String(error));
    report.line(home.lab.explain());
  } finally {
    await home.close();
  }
}

function introduce(): void {
  report.title(`${foreign ? 'strongSwan' : 'ikev2-ts'} as the gateway of a home`);
  report.line();
  for (const line of PICTURE) report.line(line);
}

/** Ctrl-C ends the demonstration in order; while it stays up, Ctrl-C lets it go on to its end. */
class Interruption {
  #resume: (() => void) | undefined;

  constructor(home: Home) {
    process.on('SIGINT', () => {
      if (this.#resume) this.#resume();
      else void home.close().then(() => process.exit(INTERRUPTED));
    });
  }

  async came(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
    this.#resume = undefined;
  }
}

/** Shows where to look, and waits for Ctrl-C. */
async function stay(home: Home, gateway: AnyGateway, interruption: Interruption): Promise<void> {
  report.line();
  report.title('everything stays up until Ctrl-C; in another terminal:');
  report.line(`  ip netns exec ${home.phone.name} ping ${address.lan}`);
  report.line(`  ip netns exec ${home.phone.name} curl -s http://${address.lan}:8080/ | sha256sum`);
  report.line(`  ip netns exec ${home.internet.name} tcpdump -ni isp udp`);
  if (gateway instanceof Gateway) {
    report.line(`  ikectl() { ${program.ikectl} --run-dir ${gateway.runDir} "$@"; }`);
    for (const what of ['status', 'log', 'attempts', 'counters']) report.line(`  ikectl ${what}`);
  }
  await interruption.came();
  report.line();
}

function conclude(outcomes: readonly Outcome[], started: number): void {
  report.line();
  report.table(summary(outcomes));
  report.line();
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const verdict =
    report.failures === 0 ? 'everything held' : `${report.failures} things did not hold`;
  report.title(`${verdict} (${seconds} s)`);
}

function summary(outcomes: readonly Outcome[]): string[][] {
  const row = (name: string, cell: (outcome: Outcome) => string): string[] => [
    name,
    ...outcomes.map(cell),
  ];
  const count = (packets: number, bytes: number): string =>
    `${thousands(packets)} / ${(bytes / 1e6).toFixed(1)} MB`;
  return [
    row('', ({ title }) => title),
    row('who', ({ gateway }) => gateway.peer),
    row('IKE', ({ phone }) => `${phone.cipher} ${phone.keyExchange}`),
    row('', ({ phone }) => phone.prf),
    row('ESP', ({ phone }) => phone.espCipher),
    row('virtual addresses', ({ gateway }) => gateway.addresses[0] ?? '–'),
    row('', ({ gateway }) => gateway.addresses[1] ?? '–'),
    row('NAT', ({ gateway }) => (gateway.behindNat ? 'yes' : 'no')),
    row('UDP encapsulation', ({ gateway }) => (gateway.encap ? 'yes' : 'no')),
    row('phone sent', ({ phone }) => count(phone.packetsOut, phone.bytesOut)),
    row('gateway received', ({ gateway }) => count(gateway.packetsIn, gateway.bytesIn)),
    row('gateway sent', ({ gateway }) => count(gateway.packetsOut, gateway.bytesOut)),
    row('phone received', ({ phone }) => count(phone.packetsIn, phone.bytesIn)),
    row('checksums', ({ checksumsAreEqual }) => (checksumsAreEqual ? 'equal' : 'differ')),
    row('time to connect', ({ seconds }) => `${seconds.toFixed(3)} s`),
  ];
}

const INTERRUPTED = 130;
const PICTURE = [
  '   phone ────── nat ────── internet ────── router ────── lan',
  '   192.168.7.10 │ 198.51.100.7 │ 203.0.113.2 │ 192.168.1.10',
] as const;

await main();
