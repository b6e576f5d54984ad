// One ghost in real time: it plays the steps of its setup file one after the other, and prints what became of them.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type Ip, ip, isIpv4 } from '../../src/base/ip.ts';
import { Ghost, type Names } from '../ghost/ghost.ts';
import { answered, question } from '../ghost/inner-name.ts';
import { contentOf, datagram, echoReply, echoRequest } from '../ghost/inner-packet.ts';
import { byCertificate, byPassword, bySharedKey, inAuthority, type Login } from '../ghost/login.ts';
import type { Model } from '../ghost/model.ts';
import { models } from '../ghost/models.ts';
import { modelOf, type Said } from '../ghost/profile.ts';
import { OnTheWire } from '../ghost/udp.ts';

/** The authority of the gateway's certificate. */
export interface Trust {
  readonly authorityPem: string;
  /** SHA-1 of its key, in hexadecimal. */
  readonly authorityHash: string;
}

/** What the test writes. */
export interface GhostSetup {
  readonly model: string;
  readonly login:
    | { readonly secret: string }
    | (Trust & {
        /** DER in hexadecimal. */
        readonly chain: readonly string[];
        readonly subject: string;
        readonly keyPem: string;
      })
    | (Trust & { readonly user: string; readonly password: string });
  readonly name: string;
  readonly server: string;
  /** What a profile says instead of the model. */
  readonly said?: Said | undefined;
  readonly from: string;
  readonly gateway: string;
  readonly steps: readonly Step[];
}
export type Step =
  | { readonly kind: 'connect' | 'rekey child' | 'rekey IKE' | 'disconnect' }
  | { readonly kind: 'ping'; readonly to: string }
  /** Asks each name server that it was told for the address, and expects it from all. */
  | { readonly kind: 'resolve'; readonly name: string; readonly is: string }
  /** Pings what must not answer. */
  | { readonly kind: 'ping in vain'; readonly to: string }
  | { readonly kind: 'move'; readonly to: string };

/** What it prints. */
export interface GhostReport {
  /** A step that came to nothing is the last. */
  readonly steps: readonly string[];
  readonly diary: readonly string[];
  readonly complaints: readonly string[];
  readonly encap: string;
  readonly addresses: readonly string[];
  readonly names: Names;
}

const [setupFile = ''] = process.argv.slice(2);
const setup: GhostSetup = JSON.parse(readFileSync(setupFile, 'utf8'));
const base = models.find(({ name }) => name === setup.model);
if (!base) throw new Error(`no ghost is called ${setup.model}`);
const model = setup.said ? modelOf(base, setup.said) : base;

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

function loginOf({ login }: GhostSetup, { signs, eapIdentity: identity }: Model): Login {
  if ('secret' in login) return bySharedKey(login.secret);
  const belief = inAuthority(login.authorityPem, hex(login.authorityHash));
  if ('user' in login) {
    const { user, password } = login;
    return { proof: byPassword({ user, passwords: [password], identity }), belief };
  }
  const { chain, keyPem } = login;
  return { proof: byCertificate({ chain: chain.map(hex), keyPem, habit: signs }), belief };
}

const subject = 'subject' in setup.login ? hex(setup.login.subject) : undefined;
const ghost = new Ghost({
  model,
  login: loginOf(setup, model),
  owner: { server: setup.server, name: setup.name, address: setup.from, subject },
  rng: (bytes) => new Uint8Array(randomBytes(bytes)),
  gateway: ip(setup.gateway),
});
const wire = new OnTheWire(ghost);
const done: string[] = [];
let sequence = 0;

for (const step of setup.steps) {
  const isDone = await play(step);
  done.push(isDone ? step.kind : `${step.kind} came to nothing`);
  if (!isDone) break;
}
const { diary, complaints, encap, addresses, names } = ghost;
const report: GhostReport = { steps: done, diary, complaints, encap, addresses, names };
process.stdout.write(`${JSON.stringify(report)}\n`);
wire.close();

async function play(step: Step): Promise<boolean> {
  switch (step.kind) {
    case 'connect':
      wire.do((one, now) => one.connect(now));
      return await comesTrue(() => ghost.phase === 'up');
    case 'rekey child':
      return await ends(/renewed the tunnel/, () => wire.do((one, now) => one.rekeyChild(now)));
    case 'rekey IKE':
      return await ends(/renewed the IKE SA/, () => wire.do((one, now) => one.rekeyIke(now)));
    case 'move':
      return await ends(/moved/, () => wire.do((one, now) => one.move(now, ip(step.to))));
    case 'disconnect':
      return await ends(/disconnected/, () => wire.do((one, now) => one.disconnect(now)));
    case 'ping':
      return await ping(step.to);
    case 'ping in vain':
      return !(await ping(step.to, 3));
    case 'resolve':
      return await resolves(step.name, ip(step.is));
  }
}

async function ping(to: string, most = 10): Promise<boolean> {
  const target = ip(to);
  const own = ghost.addresses.find((one) => isIpv4(one) === isIpv4(target));
  if (!own) return false;
  const before = wire.packets.length;
  const isBack = () => wire.packets.slice(before).some((packet) => echoReply(packet) !== undefined);
  // One may be lost: after a move the gateway first makes sure that somebody is there (RFC 4555 §3.7).
  for (let tries = 0; tries < most && !isBack(); tries++) {
    wire.do((one, now) => one.send(now, echoRequest(own, target, ++sequence)));
    await comesTrue(isBack, 200);
  }
  return isBack();
}

async function resolves(name: string, is: Ip): Promise<boolean> {
  const { servers } = ghost.names;
  for (const server of servers) {
    if ((await asked(server, name, isIpv4(is) ? 4 : 6)) !== is) return false;
  }
  return servers.length > 0;
}

async function asked(server: Ip, name: string, family: 4 | 6): Promise<Ip | 'none' | undefined> {
  const own = ghost.addresses.find((one) => isIpv4(one) === isIpv4(server));
  if (!own) return undefined;
  const id = ++sequence;
  const content = question(id, name, family);
  const before = wire.packets.length;
  const answer = () =>
    wire.packets
      .slice(before)
      .flatMap((packet) => contentOf(packet) ?? [])
      .map((one) => answered(id, content, one))
      .find((one) => one !== undefined);
  for (let tries = 0; tries < 5 && answer() === undefined; tries++) {
    const packet = datagram({ from: own, to: server, fromPort: 40_000 + id, toPort: 53, content });
    wire.do((one, now) => one.send(now, packet));
    await comesTrue(() => answer() !== undefined, 1000);
  }
  return answer();
}

/** The diary gets such an entry, and nothing is under way any more. */
async function ends(entry: RegExp, act: () => void): Promise<boolean> {
  const before = ghost.diary.length;
  act();
  const isThere = () => ghost.diary.slice(before).some((one) => entry.test(one));
  return await comesTrue(() => isThere() && !ghost.isBusy);
}

async function comesTrue(holds: () => boolean, patience = 4000): Promise<boolean> {
  const limit = performance.now() + patience;
  while (!holds() && performance.now() < limit && ghost.complaints.length === 0) await pause(2);
  return holds();
}
