// Fails to log in, in each way in turn, round after round, and prints how long the gateway took to say so: from the
// request that it judges to its response, in milliseconds.
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ip } from '../../src/base/ip.ts';
import { instant } from '../../src/base/time.ts';
import { Ghost } from '../ghost/ghost.ts';
import { byCertificate, bySharedKey, inAuthority, type Login } from '../ghost/login.ts';
import { MsChapDialogue } from '../ghost/mschapv2.ts';
import { strongSwanApp } from '../ghost/strongswan-app.ts';

/** Texts may hold `#`, which stands for the number of the round. */
export type Failure =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'psk'; readonly name: string; readonly secret: string }
  | {
      readonly kind: 'certificate';
      /** DER in hexadecimal. */
      readonly chain: readonly string[];
      readonly subject: string;
      readonly keyPem: string;
    };
export interface RefusalSetup {
  readonly authorityPem: string;
  readonly authorityHash: string;
  readonly failures: Readonly<Record<string, Failure>>;
  readonly rounds: number;
  /** Addresses of this host, to be used in turn. */
  readonly sources: readonly string[];
  readonly gateway: string;
  readonly server: string;
}
/** Milliseconds of each round, by the failure. */
export type RefusalReport = Readonly<Record<string, readonly number[]>>;

const [setupFile = ''] = process.argv.slice(2);
const setup: RefusalSetup = JSON.parse(readFileSync(setupFile, 'utf8'));
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const belief = inAuthority(setup.authorityPem, hex(setup.authorityHash));
const rng = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
const model = { ...strongSwanApp, firstKe: 31 };

const report: Record<string, number[]> = {};
for (const name of Object.keys(setup.failures)) report[name] = [];
for (let round = 0; round < setup.rounds; round++) {
  // Each round in an order of its own: who comes behind whom is no part of the figure.
  const order = Object.entries(setup.failures).sort(() => Math.random() - 0.5);
  for (const [name, failure] of order) report[name]?.push(await fail(failure, round));
}
process.stdout.write(`${JSON.stringify(report)}\n`);

async function fail(failure: Failure, round: number): Promise<number> {
  const numbered = (text: string): string => text.replace('#', String(round % 60));
  const { gateway, server, sources } = setup;
  const address = sources[round % sources.length] ?? '';
  let isRefused = false;
  const { login, name, subject } = attemptOf(failure, numbered, () => (isRefused = true));
  const owner = { server, name, address, subject };
  const ghost = new Ghost({ model, login, owner, rng, gateway: ip(gateway) });
  const socket = createSocket('udp4');
  socket.bind(ghost.from.port, address);
  await once(socket, 'listening');
  try {
    return await play(ghost, socket, () => isRefused);
  } finally {
    socket.close();
  }
}

/** Plays until the ghost gives up, or was told that its password is wrong. */
async function play(ghost: Ghost, socket: Socket, isRefused: () => boolean): Promise<number> {
  let asked = 0;
  let took = Number.NaN;
  const send = (): void => {
    for (const { to, bytes } of ghost.takeSent()) {
      const marker = new Uint8Array(to.port === 4500 ? 4 : 0);
      asked = performance.now();
      socket.send([marker, bytes], to.port, to.ip);
    }
  };
  socket.on('message', (data, { address, port }) => {
    const now = performance.now();
    if (isRefused() || ghost.phase !== 'dialling') return;
    took = now - asked;
    const bytes = new Uint8Array(data.subarray(port === 4500 ? 4 : 0));
    const from = { ip: ip(address), port };
    ghost.receive(instant(now), { from, to: ghost.from, bytes });
    send();
  });
  ghost.connect(instant(performance.now()));
  send();
  const limit = performance.now() + 10_000;
  while (ghost.phase === 'dialling' && !isRefused()) {
    if (performance.now() > limit) throw new Error(`no answer: ${ghost.complaints}`);
    await pause(1);
  }
  if (ghost.phase === 'up') throw new Error('the gateway let somebody in');
  return took;
}

function attemptOf(
  failure: Failure,
  numbered: (text: string) => string,
  refused: () => void,
): { login: Login; name: string; subject: Uint8Array | undefined } {
  switch (failure.kind) {
    case 'psk': {
      const name = numbered(failure.name);
      return { login: bySharedKey(failure.secret), name, subject: undefined };
    }
    case 'certificate': {
      const { chain, keyPem, subject } = failure;
      const proof = byCertificate({ chain: chain.map(hex), keyPem, habit: 'sha256' });
      return { login: { proof, belief }, name: '', subject: hex(subject) };
    }
    case 'password': {
      const user = numbered(failure.user);
      const typist = { user, passwords: [failure.password], identity: 'filled' } as const;
      const dialogue = new MsChapDialogue(typist, rng);
      const converse = () => ({
        get msk() {
          return dialogue.msk;
        },
        answer(packet: Uint8Array) {
          const answer = dialogue.answer(packet);
          if (dialogue.asked.at(-1) === 'failure') refused();
          return answer;
        },
      });
      const proof = { chain: [], prove: () => undefined, converse };
      return { login: { proof, belief }, name: user, subject: undefined };
    }
  }
}
