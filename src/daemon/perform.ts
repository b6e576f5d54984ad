// Effect → port, as a table. A port that fails is our machine's trouble, not the peer's: it is logged, and
// where a tunnel could not be built, its IKE SA is hung up so that nobody believes in it.

import type { DataPlane } from '../dataplane/dataplane.ts';
import type { Effect, Input, Lease, Question, Ticket, TlsRef } from '../ike/core.ts';
import type { TraceEvent } from '../ike/events.ts';
import type { Keylog } from '../trace/keylog.ts';
import type { Perform } from './daemon.ts';
import type { Routing } from './routing.ts';

/** Where effects go. */
export interface Ports {
  readonly plane: Pick<
    DataPlane,
    'send' | 'keepalive' | 'expect' | 'admit' | 'install' | 'move' | 'activate' | 'remove'
  >;
  readonly routing: Pick<Routing, 'install' | 'move' | 'remove'>;
  readonly keylog: Pick<Keylog, 'disclose' | 'install' | 'move' | 'remove'> | undefined;
  readonly report: (event: TraceEvent) => void;
  readonly ask: (ticket: Ticket, question: Question) => void;
  readonly redirect: (redirect: Extract<Effect, { kind: 'redirect' }>) => void;
  readonly untrap: (connection: string, isCarried: boolean) => void;
  readonly release: (lease: Lease) => void;
  readonly closeTls: (tls: TlsRef) => void;
}

/** Takes what a port could not do, and why. */
export type Complain = (what: string, why: string) => void;

/** @param give takes what the core has to hear about a failure */
export function performer(ports: Ports, complain: Complain, give: (input: Input) => void): Perform {
  const { keylog } = ports;
  const attempt = (what: string, action: () => void): boolean => {
    try {
      action();
      return true;
    } catch (error) {
      complain(what, error instanceof Error ? error.message : `${error}`);
      return false;
    }
  };
  return (effect) => {
    const isDone = attempt(doing[effect.kind], () => performOne(ports, effect));
    if (isDone) attempt('route a tunnel', () => route(ports.routing, effect));
    if (keylog && isDone) attempt('write keys for Wireshark', () => logKeys(keylog, effect));
    if (effect.kind === 'install' && !isDone) {
      give({ kind: 'command', command: { kind: 'terminate', which: effect.child.sa } });
    }
  };
}

function performOne<K extends Effect['kind']>(
  ports: Ports,
  effect: Effect & { readonly kind: K },
): void {
  table[effect.kind](ports, effect);
}

type Table = {
  readonly [K in Effect['kind']]: (ports: Ports, effect: Effect & { readonly kind: K }) => void;
};
const table: Table = {
  send: ({ plane }, { path, bytes }) => plane.send(path, bytes),
  keepalive: ({ plane }, { path }) => plane.keepalive(path),
  expect: ({ plane }, { spi }) => plane.expect(spi),
  admit: ({ plane }, { spi }) => plane.admit(spi),
  install: ({ plane }, { child }) => plane.install(child),
  move: ({ plane }, { child, path, encap }) => plane.move(child, path, encap),
  activate: ({ plane }, { child }) => plane.activate(child),
  remove: ({ plane }, { child }) => plane.remove(child),
  redirect: ({ redirect }, effect) => redirect(effect),
  untrap: ({ untrap }, { connection, isCarried }) => untrap(connection, isCarried),
  release: ({ release }, { lease }) => release(lease),
  closeTls: ({ closeTls }, { tls }) => closeTls(tls),
  ask: ({ ask }, { ticket, question }) => ask(ticket, question),
  disclose: () => {}, // all of it is logKeys
  report: ({ report }, { event }) => report(event),
};

function route(routing: Ports['routing'], effect: Effect): void {
  if (effect.kind === 'install') routing.install(effect.child);
  else if (effect.kind === 'move') routing.move(effect.child, effect.path);
  else if (effect.kind === 'remove') routing.remove(effect.child);
}

/** A key log that fails costs no tunnel. */
function logKeys(keylog: NonNullable<Ports['keylog']>, effect: Effect): void {
  if (effect.kind === 'disclose') keylog.disclose(effect.keys);
  else if (effect.kind === 'install') keylog.install(effect.child);
  else if (effect.kind === 'move') keylog.move(effect.child, effect.path);
  else if (effect.kind === 'remove') keylog.remove(effect.child);
}

const doing: Readonly<Record<Effect['kind'], string>> = {
  send: 'send a datagram',
  keepalive: 'keep a NAT awake',
  expect: 'expect packets of a new tunnel',
  admit: 'let in who has new keys',
  install: 'install a tunnel',
  move: 'move a tunnel to its new addresses',
  activate: 'send with the new keys of a tunnel',
  remove: 'remove a tunnel',
  redirect: 'dial another gateway',
  untrap: 'let a waiting packet go',
  release: 'release an address',
  closeTls: 'close a TLS connection',
  ask: 'ask a question',
  disclose: 'disclose keys',
  report: 'report an event',
};
