// One random schedule: two hosts, commands at random times, a wire that loses, doubles and delays. Then the network
// heals, and both must agree; then they part, and nothing may be left.
import { seconds } from '../../src/base/time.ts';
import type { Command, SaSnapshot } from '../../src/ike/core.ts';
import { chanceOf } from './chance.ts';
import { household, pool, roam } from './household.ts';
import { expectAgreement } from './model.ts';
import { connection, phone, policy, proposals } from './policies.ts';
import type { SimHost, World } from './world.ts';

export type Act = 'rekeyChild' | 'rekeyIke' | 'deleteChild' | 'roam';
export interface Schedule {
  readonly seed: number;
  readonly acts: readonly Act[];
  readonly steps: number;
}

/** Throws where something does not hold. */
export function play({ seed, acts, steps }: Schedule): void {
  const { world, gateway, phone: dialer, dial } = couple(seed);
  const chance = chanceOf(seed * 104_729 + 13);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)] as T;
  dial();
  world.run(seconds(1));
  world.lossy({
    seed,
    loss: seed % 3 === 0 ? 0 : 0.25,
    duplicate: 0.2,
    jitter: seconds([0.01, 0.3, 3][seed % 3] ?? 1),
    mostLosses: 3,
  });
  for (let step = 0; step < steps; step++) {
    const host = pick([gateway, dialer]);
    const act = pick(acts);
    if (act === 'roam') roam(world, dialer, `192.0.2.${step + 1}`);
    else
      for (const command of commandsOf(act, host)) world.input(host, { kind: 'command', command });
    world.run(seconds(chance() * (seed % 2 === 0 ? 4 : 0.4)));
    if (acts.includes('deleteChild')) continue;
    // A sender never uses what the receiver does not have yet, or has no more.
    const fates = [world.carry(gateway, dialer), world.carry(dialer, gateway)];
    if (fates.includes('lost')) throw new Error(`a packet found no tunnel after step ${step}`);
  }
  world.lossy({ seed, loss: 0, duplicate: 0, jitter: seconds(0) });
  world.run(seconds(170));
  expectAgreement(world, gateway, dialer, acts.includes('deleteChild') ? gateway.children.size : 1);
  part(world, gateway, dialer);
}

function couple(seed: number) {
  const esp = proposals('esp', 'aes256gcm16-x25519', 'aes256gcm16');
  return household({
    seed: seed * 7919,
    gateway: policy([connection({ esp })]),
    phone: policy([phone({ esp })]),
    ports: pool(Array.from({ length: 9 }, (_, i) => `10.3.0.${i + 2}`)),
  });
}

function commandsOf(act: Exclude<Act, 'roam'>, host: SimHost): Command[] {
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

/** One hangs up: no SA, tunnel, timer or key may be left on either side. */
function part(world: World, a: SimHost, b: SimHost): void {
  world.input(a, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
  world.run(seconds(200));
  for (const host of [a, b]) {
    const { deadline, children, installed } = host;
    const keys = installed.flatMap(({ inbound, outbound }) => [inbound, outbound]);
    const unwiped = keys.filter(({ encryption }) => !encryption.isWiped).length;
    const left = {
      deadline,
      children: children.size,
      sas: host.core.snapshot().sas.length,
      unwiped,
    };
    const isClean =
      deadline === undefined && children.size === 0 && left.sas === 0 && unwiped === 0;
    if (!isClean) throw new Error(`${host.name} has left ${JSON.stringify(left)}`);
  }
}
