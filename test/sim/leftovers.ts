// What a host must have given back once everything has ended: SAs, tunnels, timers, keys, addresses, questions.
import { ip } from '../../src/base/ip.ts';
import type { Answer } from '../../src/ike/core.ts';
import type { Ports, SimHost, World } from './world.ts';

/** What is left, in words; asks destructively, so ask last. */
export function leftovers(world: World, host: SimHost): string[] {
  const { sas } = host.core.snapshot();
  const keys = host.installed.flatMap(({ inbound, outbound }) => [
    inbound.encryption,
    inbound.integrity,
    outbound.encryption,
    outbound.integrity,
  ]);
  return [
    ...sas.map(({ phase }) => `an SA in phase ${phase}`),
    ...[...host.children.keys()].map((ref) => `tunnel ${ref}`),
    ...(host.deadline === undefined ? [] : [`a timer at ${host.deadline}`]),
    ...keys.filter((key) => key && !key.isWiped).map(() => 'a key of a tunnel'),
    ...openQuestions(world, host),
  ].map((what) => `${host.name}: ${what}`);
}

/** A question that nobody waits for any more gives a lease back at once. */
function openQuestions(world: World, host: SimHost): string[] {
  return host.asked.flatMap(({ ticket, question }) => {
    const before = host.released.length;
    world.input(host, { kind: 'answer', ticket, answer: lateLease });
    return host.released.length === before + 1 ? [] : [`the question ${question.kind}`];
  });
}

/** Counts the leases that `ports` grants: as many must be released in the end. */
export function countingLeases(ports: Ports): {
  readonly ports: Ports;
  granted(): number;
} {
  let granted = 0;
  return {
    ports: (question) => {
      const answer = ports(question);
      if (typeof answer === 'object' && 'lease' in answer) granted++;
      return answer;
    },
    granted: () => granted,
  };
}

const lateLease: Answer = {
  ok: true,
  lease: { pool: 'late', identity: 'nobody', addresses: [ip('192.0.2.254')] },
  dns: [],
  domains: [],
};
