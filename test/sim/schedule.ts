// One random schedule: two hosts, commands and mishaps at random times, a wire that loses, doubles, delays and spoils.
// Then the network heals, and both must agree; then they part, and nothing may be left.
import { concat, toHex } from '../../src/base/bytes.ts';
import { ip } from '../../src/base/ip.ts';
import { minutes, seconds } from '../../src/base/time.ts';
import type { Command, SaSnapshot } from '../../src/ike/core.ts';
import type { Ppk } from '../../src/policy/policy.ts';
import { chanceOf } from './chance.ts';
import { type Household, household, realPool, roam } from './household.ts';
import { keepUp } from './keep-up.ts';
import { leftovers } from './leftovers.ts';
import { expectAgreement } from './model.ts';
import { Nat } from './nat.ts';
import { primitives } from './payloads.ts';
import { connection, phone, policy, proposals } from './policies.ts';
import { watchSecrets } from './watched-secrets.ts';
import type { SimHost } from './world.ts';

/** What a host is told. */
type Order = 'rekeyChild' | 'rekeyIke' | 'deleteChild' | 'roam';
/** What happens to it, so that its IKE SA may be lost, and is dialled again. */
const mishaps = ['crash', 'sleep', 'newMapping'] as const;
export type Act = Order | (typeof mishaps)[number];
export interface Schedule {
  readonly seed: number;
  readonly acts: readonly Act[];
  readonly steps: number;
  /** Additional key exchanges, as words of a proposal, for the IKE SA and its tunnels. */
  readonly more?: string;
  /** Of both sides. */
  readonly ppks?: readonly Ppk[];
}

/** @returns a digest of all that was sent, in its order. Throws where something does not hold */
export function play({ seed, acts, steps, more = '', ppks = [] }: Schedule): string {
  const scene = stage(seed, acts, more, ppks);
  const { world, gateway, phone: dialer, isRough } = scene;
  const chance = chanceOf(seed * 104_729 + 13);
  const mayLose = isRough || acts.includes('deleteChild');
  world.run(seconds(1));
  weather(scene, true);
  for (let step = 0; step < steps; step++) {
    happen(scene, chance, step);
    world.run(seconds(chance() * (isRough ? 60 : seed % 2 === 0 ? 4 : 0.4)));
    if (mayLose) continue;
    // A sender never uses what the receiver does not have yet, or has no more.
    const fates = [world.carry(gateway, dialer), world.carry(dialer, gateway)];
    if (fates.includes('lost')) throw new Error(`a packet found no tunnel after step ${step}`);
  }
  weather(scene, false);
  world.run(isRough ? minutes(15) : seconds(170));
  expectAgreement(world, gateway, dialer, acts.includes('deleteChild') ? gateway.children.size : 1);
  part(scene);
  const { sha256 } = primitives;
  return toHex(sha256.digest(concat(...world.sent.map(({ bytes }) => sha256.digest(bytes)))));
}

interface Scene extends Household {
  readonly seed: number;
  readonly acts: readonly Act[];
  /** Whether an IKE SA may be lost, and is dialled again. */
  readonly isRough: boolean;
  readonly nat: Nat | undefined;
  readonly redial: (() => void) | undefined;
}

function stage(seed: number, acts: readonly Act[], more: string, ppks: readonly Ppk[]): Scene {
  const isRough = mishaps.some((mishap) => acts.includes(mishap));
  const house = couple(seed, isRough, more, ppks);
  const { world, gateway, phone: dialer } = house;
  for (const host of [gateway, dialer]) watchSecrets(host);
  const nat = acts.includes('newMapping') ? behindNat(house) : undefined;
  if (!isRough) house.dial();
  const redial = isRough ? keepUp(world, dialer, gateway, seed) : undefined;
  return { ...house, seed, acts, isRough, nat, redial };
}

function happen(
  { world, gateway, phone: dialer, ...scene }: Scene,
  chance: () => number,
  step: number,
): void {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)] as T;
  const host = pick([gateway, dialer]);
  const act = pick(scene.acts);
  switch (act) {
    case 'roam':
      roam(world, dialer, `192.0.2.${step + 1}`);
      return;
    case 'newMapping':
      scene.nat?.restart();
      return;
    case 'sleep':
      world.suspend(host, seconds(chance() * 200), pick(['goes on', 'stands']));
      return;
    case 'crash':
      host.restart();
      // A phone that starts dials at once; a gateway waits to be dialled.
      if (host === dialer) scene.redial?.();
      return;
    default:
      for (const command of commandsOf(act, host)) world.input(host, { kind: 'command', command });
  }
}

function couple(seed: number, isRough: boolean, more: string, ppks: readonly Ppk[]): Household {
  const esp = proposals('esp', `aes256gcm16-x25519${more}`, 'aes256gcm16');
  const classic = connection().ike;
  const first = more === '' ? [] : proposals('ike', `aes256gcm16-prfsha256-x25519${more}`);
  const dpd = isRough ? seconds(20) : undefined;
  const fields = { esp, ike: [...first, ...classic], dpd };
  const house = household({
    seed: seed * 7919,
    gateway: policy([connection(fields)], { keylog: true, ppks }),
    phone: policy([phone(fields)], { keylog: true, ppks }),
  });
  realPool(house.gateway, { ip: ip('10.3.0.0'), bits: 29 });
  return house;
}

/** The phone is at home with others, and the gateway sees it as one of them. */
function behindNat({ world, phone: dialer }: Household): Nat {
  const nat = new Nat({
    inside: [dialer.address],
    outside: '192.0.2.200',
    filtering: 'address-and-port-dependent',
    expiry: seconds(60),
  });
  world.wire = nat.before(world.wire);
  return nat;
}

/** A network by the seed, or at last one without a fault. */
function weather({ world, nat, seed }: Scene, isBad: boolean): void {
  world.lossy({
    seed,
    loss: isBad && seed % 3 !== 0 ? 0.25 : 0,
    duplicate: isBad ? 0.2 : 0,
    corrupt: isBad && seed % 4 === 1 ? 0.1 : 0,
    jitter: seconds(isBad ? ([0.01, 0.3, 3][seed % 3] ?? 1) : 0),
    mostLosses: 3,
  });
  if (nat) world.wire = nat.before(world.wire);
}

function commandsOf(act: 'rekeyChild' | 'rekeyIke' | 'deleteChild', host: SimHost): Command[] {
  const sa = host.core.snapshot().sas.find(({ phase }) => phase === 'established');
  if (!sa) return [];
  if (act === 'rekeyIke') return [{ kind: 'rekey', sa: sa.id, child: undefined }];
  const child = sendingOf(host, sa);
  if (child === undefined) return [];
  if (act === 'rekeyChild') return [{ kind: 'rekey', sa: sa.id, child }];
  return [{ kind: 'terminate', which: { child } }];
}

/** The child that traffic goes out on: limits and lifetimes are of that one. */
const sendingOf = (host: SimHost, { children }: SaSnapshot) =>
  children.find(({ ref }) => ref === host.sending?.ref)?.ref;

/** One hangs up for good: no SA, tunnel, timer, key, question or address may be left on either side. */
function part({ world, gateway, phone: dialer }: Household): void {
  dialer.watcher = undefined;
  world.input(gateway, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
  world.run(seconds(200));
  const left = [gateway, dialer].flatMap((host) => leftovers(world, host));
  if (left.length > 0) throw new Error(left.join('; '));
}
