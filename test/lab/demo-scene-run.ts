// One scene of the demonstration: the phone comes home, uses the tunnel, and is told when the gateway goes.
import { Capture, dissect, ikeOnly } from './capture.ts';
import type { Charon, CharonSa } from './charon.ts';
import type { Scene } from './demo-scenes.ts';
import type { AnyGateway, Tunnel } from './gateway.ts';
import { address, type Home } from './home.ts';
import { startPhone } from './phone.ts';
import { megabits, megabytes, type Report } from './report.ts';
import { download, ping, type WebPage } from './traffic.ts';
import { until } from './until.ts';
import { Wiretap } from './wiretap.ts';

/** What a scene leaves to tell. */
export interface Outcome {
  readonly title: string;
  readonly seconds: number;
  readonly phone: CharonSa;
  readonly gateway: Tunnel;
  readonly checksumsAreEqual: boolean;
}

export interface SceneRun {
  readonly report: Report;
  readonly home: Home;
  readonly scene: Scene;
  readonly page: WebPage;
  /** While everything is up, before the gateway stops. */
  readonly meanwhile: (phone: Charon, gateway: AnyGateway) => Promise<void>;
}

export async function playScene(run: SceneRun): Promise<Outcome> {
  const { report, home, scene, page } = run;
  const gateway = await timed(report, 'gateway is listening', () => scene.startGateway(home));
  const name = scene.login.kind;
  const phone = await startPhone(home, { home: { login: scene.login } }, { name: `phone-${name}` });
  const wire = new Wiretap(home);
  const capture = await Capture.start(home.lab, home.internet, {
    name,
    device: 'isp',
    filter: ikeOnly,
  });

  const seconds = await connect(report, phone);
  await reportHandshake(run, capture);
  report.fact(await isWho(gateway, scene.peer), `gateway knows the phone as ${scene.peer}`);
  await pingBoth(run);
  const checksumsAreEqual = await downloadBoth(run, page);
  reportWire(report, wire);

  const phoneSa = only(await phone.listSas(), 'the phone');
  const tunnel = only(await gateway.tunnels(), 'the gateway');
  reportCounts(report, phoneSa, tunnel, page);
  await run.meanwhile(phone, gateway);

  await gateway.stop();
  const deleted = await until('DELETE', () => phone.log.includes(DELETE), 5_000).catch(() => false);
  report.fact(deleted !== false, 'gateway stopped; the phone was told (DELETE)');
  await phone.stop();
  wire.remove();
  return { title: scene.title, seconds, phone: phoneSa, gateway: tunnel, checksumsAreEqual };
}

async function connect(report: Report, phone: Charon): Promise<number> {
  const started = performance.now();
  const dialled = await phone.initiate('home');
  const seconds = (performance.now() - started) / 1000;
  const holds = report.fact(dialled.code === 0, 'phone connected', `${seconds.toFixed(2)} s`);
  if (!holds) throw new Error(`the phone could not connect:\n${dialled.stdout}${dialled.stderr}`);
  const [sa] = await phone.listSas();
  report.fact(sa?.natLocal === true, 'both ends saw the NAT', `${address.phone} as ${address.nat}`);
  const addresses = sa?.virtualAddresses ?? [];
  report.fact(addresses.length === 2, 'phone has an address of each family', addresses.join(' '));
  return seconds;
}

/** The messages that the connection took, as the Internet saw them. */
async function reportHandshake({ report, home }: SceneRun, capture: Capture): Promise<void> {
  await capture.stop();
  const { ike } = await dissect(home.lab, capture.file);
  for (const { exchange, isResponse, bytes } of ike) {
    const arrow = isResponse ? '◂── gateway' : 'phone ──▸  ';
    report.note(`${arrow}  ${EXCHANGES[exchange] ?? exchange}, ${bytes} bytes`);
  }
  report.fact(ike.length === 4, `two round trips: ${ike.length} messages`);
}

async function isWho(gateway: AnyGateway, peer: string): Promise<boolean> {
  return (await gateway.tunnels()).some((tunnel) => tunnel.peer === peer);
}

async function pingBoth({ report, home }: SceneRun): Promise<void> {
  for (const host of [address.lan, address.lan6]) {
    const { sent, received, average } = await ping(home.phone, host);
    const figure = average === undefined ? 'no answer' : `${average.toFixed(2)} ms`;
    report.fact(sent > 0 && received === sent, `ping ${host}: ${received} of ${sent}`, figure);
  }
}

async function downloadBoth({ report, home }: SceneRun, page: WebPage): Promise<boolean> {
  let allEqual = true;
  for (const host of [address.lan, address.lan6]) {
    const got = await download(home.phone, host);
    const isEqual = got.bytes > 0 && got.sha256 === page.sha256;
    const text = `${megabytes(got.bytes)} from ${host}, SHA-256 ${isEqual ? 'equal' : 'differs'}`;
    report.fact(isEqual, text, megabits(got.bytes, got.seconds));
    allEqual &&= isEqual;
  }
  return allEqual;
}

function reportWire(report: Report, wire: Wiretap): void {
  const { tunnelled, inTheClear } = wire.read();
  const clear = inTheClear.packets === 0 ? 'nothing' : `${inTheClear.packets} packets`;
  const holds = tunnelled.packets > 0 && inTheClear.packets === 0;
  report.fact(holds, `${clear} of it in the clear on the Internet`, megabytes(tunnelled.bytes));
}

/** Nobody can have received more than the other sent; both downloads must be in the figures. */
function reportCounts(report: Report, phone: CharonSa, gateway: Tunnel, page: WebPage): void {
  const downwards = gateway.packetsOut >= phone.packetsIn && phone.bytesIn >= 2 * page.bytes;
  const upwards = phone.packetsOut >= gateway.packetsIn && gateway.packetsIn > 0;
  report.fact(downwards && upwards, 'the counters of both ends agree');
}

async function timed<T>(report: Report, text: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const done = await work();
  report.fact(true, text, `${((performance.now() - started) / 1000).toFixed(2)} s`);
  return done;
}

function only<T>(found: readonly T[], whose: string): T {
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw new Error(`${whose} has ${found.length} tunnels instead of one`);
  }
  return first;
}

const EXCHANGES: Readonly<Record<number, string>> = { 34: 'IKE_SA_INIT', 35: 'IKE_AUTH' };
const DELETE = 'received DELETE for IKE_SA';
