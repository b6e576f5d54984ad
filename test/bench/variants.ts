// What is measured against what: each variant lays out a home of its own, connects, and tears it down again.
import { pskScene, type Scene } from '../lab/demo-scenes.ts';
import { Gateway } from '../lab/gateway.ts';
import { address, type Home, network } from '../lab/home.ts';
import { gatewayName, SUITE, startPhone } from '../lab/phone.ts';
import type { Need } from '../lab/ready.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

export interface Variant {
  readonly key: string;
  readonly title: string;
  readonly needs: readonly Need[];
  /** @returns a home whose phone reaches `target` the way that is measured */
  readonly connect: (
    home: Home,
  ) => Promise<{ readonly target: string; readonly server: 'lan' | 'router' }>;
}

/** The one that the others are a ratio to. */
export const baseline = 'swan-swan';

export const variants: readonly Variant[] = [
  {
    key: 'plain',
    title: 'no tunnel',
    needs: [],
    connect: async () => ({ target: address.router, server: 'router' }),
  },
  {
    key: baseline,
    title: 'strongSwan to strongSwan',
    needs: ['strongSwan'],
    connect: (home) => dial(home, pskScene(true)),
  },
  {
    key: 'ours-swan',
    title: 'strongSwan to ikev2-ts',
    needs: ['strongSwan', 'our gateway'],
    connect: (home) => dial(home, pskScene(false)),
  },
  {
    key: 'ours-ours',
    title: 'ikev2-ts to ikev2-ts',
    needs: ['our gateway'],
    connect: dialWithOurs,
  },
];

async function dial(home: Home, scene: Scene): Promise<{ target: string; server: 'lan' }> {
  await scene.startGateway(home);
  const phone = await startPhone(home, { home: { login: scene.login } });
  const dialled = await phone.initiate('home');
  if (dialled.code !== 0) throw new Error(lastLine(dialled.stdout + dialled.stderr));
  return { target: address.lan, server: 'lan' };
}

/** Our daemon at both ends: the phone's one takes the initiator's role. */
async function dialWithOurs(home: Home): Promise<{ target: string; server: 'lan' }> {
  const scene = pskScene(false);
  const { login } = scene;
  if (login.kind !== 'psk') throw new Error('the scene has no pre-shared key');
  await scene.startGateway(home);
  const sections = [
    section('service', 'main', { identity: login.id }),
    section('connection', 'home', {
      role: 'initiator',
      remote: [address.router],
      local_auth: 'psk',
      remote_id: gatewayName,
      psk: login.secret,
      ike: [SUITE.ike],
      esp: [SUITE.esp],
      virtual_ip: ['0.0.0.0', '::'],
    }),
  ];
  const phone = await Gateway.start(home.lab, home.phone, sections, { name: 'phone' });
  const dialled = await phone.ikectl('initiate', '--connection', 'home');
  if (dialled.code !== 0) throw new Error(lastLine(dialled.stderr || dialled.stdout));
  await until('the phone is connected', async () => (await phone.sas()).length > 0, 5_000);
  await useTunnel(home, phone);
  return { target: address.lan, server: 'lan' };
}

/** Puts the phone's address on its device and the LAN behind it, whether the daemon has done so or not. */
async function useTunnel(home: Home, phone: Gateway): Promise<void> {
  const { device, sas } = await phone.status();
  const [own = ''] = sas[0]?.children[0]?.local ?? [];
  home.phone.ip('addr', 'replace', own, 'dev', device);
  home.phone.ip('route', 'replace', network.lan, 'dev', device, 'src', own.replace(/\/.*/, ''));
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
