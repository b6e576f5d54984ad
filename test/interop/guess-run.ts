// Somebody who tries passwords: ghosts from many addresses, several at a time, each with as many guesses as one login
// allows. Ends when so many were refused, and prints how many and how long it took.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ip } from '../../src/base/ip.ts';
import { Ghost } from '../ghost/ghost.ts';
import { inAuthority } from '../ghost/login.ts';
import { MsChapDialogue } from '../ghost/mschapv2.ts';
import { strongSwanApp } from '../ghost/strongswan-app.ts';
import { OnTheWire } from '../ghost/udp.ts';
import type { Trust } from './ghost-run.ts';

export interface GuessSetup extends Trust {
  readonly users: readonly string[];
  readonly sources: readonly string[];
  readonly together: number;
  readonly guesses: number;
  readonly gateway: string;
  readonly server: string;
}
export interface GuessReport {
  /** Passwords that the gateway said were wrong. */
  readonly refused: number;
  /** Logins that came to something: there should be none. */
  readonly successes: number;
  /** Handshakes that came to nothing before a password was asked for. */
  readonly unanswered: number;
  readonly seconds: number;
}

const [setupFile = ''] = process.argv.slice(2);
const setup: GuessSetup = JSON.parse(readFileSync(setupFile, 'utf8'));
const { authorityPem, authorityHash, users, sources, together, guesses } = setup;
const belief = inAuthority(authorityPem, new Uint8Array(Buffer.from(authorityHash, 'hex')));
/** The key exchange that costs least: whoever guesses is in a hurry. */
const model = { ...strongSwanApp, firstKe: 31 };
const rng = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));

const began = performance.now();
let refused = 0;
let successes = 0;
let unanswered = 0;
let next = 0;
await Promise.all(Array.from({ length: together }, guessOn));
const seconds = Math.round((performance.now() - began) / 100) / 10;
const report: GuessReport = { refused, successes, unanswered, seconds };
process.stdout.write(`${JSON.stringify(report)}\n`);

async function guessOn(): Promise<void> {
  while (refused < guesses) {
    const turn = next++;
    const wrong = await logIn(
      users[turn % users.length] ?? '',
      sources[turn % sources.length] ?? '',
    );
    refused += wrong;
    if (wrong === 0) unanswered++;
  }
}

/** @returns how many passwords were refused */
async function logIn(user: string, address: string): Promise<number> {
  const passwords = Array.from({ length: 3 }, () => randomBytes(6).toString('hex'));
  const dialogue = new MsChapDialogue({ user, passwords, identity: 'filled' }, rng);
  const proof = { chain: [], prove: () => undefined, converse: () => dialogue };
  const ghost = new Ghost({
    ...{ model, login: { proof, belief }, rng, gateway: ip(setup.gateway) },
    owner: { server: setup.server, name: user, address, subject: undefined },
  });
  const wire = new OnTheWire(ghost);
  wire.do((one, now) => one.connect(now));
  while (ghost.phase === 'dialling') await pause(5);
  if (ghost.phase === 'up') successes++;
  wire.close();
  return dialogue.asked.filter((what) => what === 'failure').length;
}
