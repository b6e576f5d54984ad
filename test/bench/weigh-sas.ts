// What an IKE SA with its tunnel weighs in JavaScript: the heap of a gateway's core that many clients have dialled,
// before and after some of them, with nothing else around it. Prints bytes for each. Run with --expose-gc.
import { randomBytes } from 'node:crypto';
import { type Ip, ip } from '../../src/base/ip.ts';
import { instant } from '../../src/base/time.ts';
import { createEngine } from '../../src/crypto/engine.ts';
import type { Core, Effect, Input, Path } from '../../src/ike/core.ts';
import { createCore } from '../../src/ike/create-core.ts';
import type { Connection } from '../../src/policy/policy.ts';
import { connection, identity, phone, policy } from '../sim/policies.ts';

/** The first ones make what all need: compiled code, tables. */
const FIRST = 50;
const COUNTED = 200;

const { primitives } = createEngine('node');
const now = instant(1000);
const port = 4500;
const gatewayIp = ip('203.0.113.2');

const newCore = (one: Connection): Core =>
  createCore(policy([one]), primitives, (bytes) => new Uint8Array(randomBytes(bytes)));

/** A client comes in, and is forgotten; the gateway does not know. */
function comeIn(gateway: Core, number: number): void {
  const client = newCore(phone({ localId: identity(`client${number}@example.org`) }));
  const address = ip(`198.51.${100 + (number >> 8)}.${number & 255}`);
  const path: Path = { local: { ip: address, port }, remote: { ip: gatewayIp, port } };
  const inner = ip(`10.${3 + (number >> 8)}.${number & 255}.1`);
  const command = { kind: 'initiate', connection: 'home', path } as const;
  pass({ client, gateway, inner }, client, { kind: 'command', command });
}

interface Talk {
  readonly client: Core;
  readonly gateway: Core;
  readonly inner: Ip;
}

function pass(talk: Talk, core: Core, input: Input): void {
  for (const effect of core.handle(now, input).effects) perform(talk, core, effect);
}

/** What either of them sends reaches the other; what else they want done nobody does. */
function perform(talk: Talk, core: Core, effect: Effect): void {
  const { client, gateway, inner } = talk;
  if (effect.kind === 'send') {
    const path = { local: effect.path.remote, remote: effect.path.local };
    const { bytes } = effect;
    pass(talk, core === client ? gateway : client, { kind: 'datagram', path, bytes });
  } else if (effect.kind === 'ask' && effect.question.kind === 'lease') {
    const { pool, identity: owner } = effect.question;
    const lease = { pool, identity: owner, addresses: [inner] };
    const answer = { ok: true, lease, dns: [], domains: [] } as const;
    pass(talk, core, { kind: 'answer', ticket: effect.ticket, answer });
  }
}

function heapInUse(): number {
  for (let i = 0; i < 3; i += 1) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const gateway = newCore(connection({ dpd: undefined }));
for (let i = 0; i < FIRST; i += 1) comeIn(gateway, i);
const before = heapInUse();
for (let i = FIRST; i < FIRST + COUNTED; i += 1) comeIn(gateway, i);
const bytes = (heapInUse() - before) / COUNTED;
const { sas } = gateway.snapshot();
if (sas.length !== FIRST + COUNTED || sas.some(({ children }) => children.length !== 1)) {
  throw new Error(`${sas.length} of ${FIRST + COUNTED} clients came in`);
}
process.stdout.write(`${bytes.toFixed(0)}\n`);
