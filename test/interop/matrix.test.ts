// Two gateways, ours and somebody else's on a kernel of its own, joined in every way of `matrix.ts`: the tunnel stands as
// it was asked for, packets pass in both directions, and do so after each of four rekeys. For IKE ours has the suite that
// it has by default, which comes to ML-KEM where the peer has that.
import { describe, expect, onTestFailed, test } from 'vitest';
import { cabin, moveIn, outerOf } from '../lab/cabin.ts';
import { type ChildStatus, Gateway, type SaStatus, type Status } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, certificateFiles } from '../lab/household.ts';
import { KernelSwan } from '../lab/kernel-swan.ts';
import { Libreswan } from '../lab/libreswan.ts';
import { OpenIked } from '../lab/openiked.ts';
import { gatewayName } from '../lab/phone.ts';
import { peerRoot } from '../lab/ready.ts';
import { homeNetwork, type Joint, sharedSecret, sitePapers } from '../lab/site-peer.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { section, type UciSection } from '../lab/uci.ts';
import { until } from '../lab/until.ts';
import { joints, peers, titleOf, whyNotJoined } from './matrix.ts';

const programs = { strongSwan: KernelSwan, libreswan: Libreswan, OpenIKED: OpenIked } as const;

const named = peers.map((row) => [`${row.program} ${row.version}`, row] as const);

describe.each(named)('%s', (name, row) => {
  const scene = stage({
    needs: ['our gateway', 'strongSwan', 'a kernel of its own', `peer ${row.root}`],
    async play(home) {
      const papers = sitePapers();
      const sections = [...basics(), ...certificateFiles(home.lab, papers.ours, papers.authority)];
      const gateway = await Gateway.start(home.lab, home.router, sections);
      const kernel = await moveIn(home, peerRoot(row.root));
      const peer = await programs[row.program].start(kernel, papers);
      return { gateway, kernel, peer, sections };
    },
  });

  /** Both ways through the tunnel. */
  async function expectPackets(): Promise<void> {
    const { home, kernel } = scene();
    expect(await ping(home.lan, cabin.host, 1)).toMatchObject({ received: 1 });
    await kernel.run(`ping -c 1 -W 2 -I ${cabin.host} ${address.lan}`);
  }

  /** The IKE SA and its newest tunnel; undefined while there is none, or more than one IKE SA. */
  async function standing() {
    const { sas } = await scene().gateway.call('sas').then(sasOf);
    const [sa, ...more] = sas.filter(({ phase }) => phase === 'established');
    const child = sa?.children.at(-1);
    return sa && child && more.length === 0 ? { sa, child } : undefined;
  }

  const expectPostQuantum = (is: boolean) => expect(is).toBe(row.isPostQuantum === true);

  /** New keys, and packets under them. */
  async function renewed(what: 'child' | 'ike', renew: (now: Standing) => Promise<unknown>) {
    const name = ({ sa, child }: Standing) => (what === 'ike' ? sa.spiI : child.id);
    const before = await until('the tunnel stands', standing, 20_000);
    await renew(before);
    const next = await until(
      `another ${what} SA`,
      async () => {
        const now = await standing();
        return now && name(now) !== name(before) ? now : undefined;
      },
      20_000,
    );
    if (what === 'child') expectPostQuantum(next.child.suite.includes('mlkem768'));
    await expectPackets();
  }

  const titled = joints.map((joint) => [titleOf(joint), joint] as const);
  test.for(titled)('%s', async ([, joint], context) => {
    const because = whyNotJoined(row, joint);
    if (because !== undefined) context.skip(`skipped: ${name}: ${because}`);
    const { gateway, peer, sections, home } = scene();
    onTestFailed(async () => {
      process.stderr.write(`${peer.log.slice(-5000)}\n`);
      await gateway.call('terminate', { all: true });
    });
    // libreswan dials again what we hung up. While ours had the new joint and libreswan the old one, that made an IKE SA
    // without a tunnel, which libreswan forgot and ours kept, so that two were there and none counted.
    await peer.configure(joint);
    gateway.configure([...sections, siteOf(joint)]);
    expect(await gateway.call('reload')).toMatchObject({ ok: true });

    if (joint.dials === 'we') await gateway.call('initiate', { connection: 'site' });
    else await peer.dial();

    const { sa, child } = await until('the tunnel stands', standing, 30_000);
    expectPostQuantum(sa.postQuantum);
    expect(child).toMatchObject({
      encap: joint.encap === 'UDP' ? 'udp' : 'raw',
      suite: `${joint.cipher}${joint.esn ? '-esn' : ''}`,
    });
    // The route comes after the tunnel.
    const passes = async () => (await ping(home.lan, cabin.host, 1)).received === 1;
    await until('a packet passes', passes, 20_000);
    await expectPackets();
    await renewed('child', ({ sa, child }) =>
      gateway.call('rekey', { sa: sa.id, child: child.id }),
    );
    await renewed('ike', ({ sa }) => gateway.call('rekey', { sa: sa.id }));
    for (const what of peer.renews) await renewed(what, () => peer.rekey(what));

    await gateway.call('terminate', { connection: 'site' });
    await until('the tunnel is gone', async () => (await standing()) === undefined);
  });
});

interface Standing {
  readonly sa: SaStatus;
  readonly child: ChildStatus;
}
const sasOf = (answer: unknown) => answer as Pick<Status, 'sas'>;

function siteOf(joint: Joint): UciSection {
  const dials = joint.dials === 'we';
  const esp = `${joint.cipher}-${joint.esn ? 'esn' : 'noesn'}`;
  const dialling = proofs[joint.auth];
  const answering = dialling === 'eap-tls' ? 'pubkey' : dialling;
  return section('connection', 'site', {
    role: dials ? 'initiator' : 'responder',
    remote: [outerOf(joint.outer).theirs],
    local_id: gatewayName,
    remote_id: cabin.name,
    local_auth: dials ? dialling : answering,
    remote_auth: [dials ? answering : dialling],
    psk: joint.auth === 'psk' ? sharedSecret : undefined,
    certificate: joint.auth === 'psk' ? undefined : 'server',
    local_ts: [homeNetwork],
    remote_ts: [cabin.lan],
    esp: [`${esp}-x25519-ke1_mlkem768`, `${esp}-x25519`, esp],
    encap: joint.encap === 'UDP' ? 'always' : 'never',
    mobike: false,
  });
}

/** Of who dials. */
const proofs = { psk: 'psk', certificate: 'pubkey', 'EAP-TLS': 'eap-tls' } as const;
