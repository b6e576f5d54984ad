import { describe, expect, test } from 'vitest';
import { type Ports, performer } from '../../../src/daemon/perform.ts';
import type { Effect, Input, TlsRef } from '../../../src/ike/core.ts';
import { child, childSpec, complainTo, noteEffect, path, ticket } from './fakes.ts';

/** Ports that write down what they are asked to do; those named in `broken` fail. */
function setUp(broken: readonly string[] = []) {
  const done: string[] = [];
  const lines: string[] = [];
  const given: Input[] = [];
  const doing =
    (name: string) =>
    (...args: unknown[]): void => {
      if (broken.includes(name)) throw new Error(`${name} is broken`);
      done.push(
        `${name} ${args.map((arg) => (typeof arg === 'number' ? arg : typeof arg)).join(' ')}`,
      );
    };
  const ports: Ports = {
    plane: {
      send: doing('plane.send'),
      keepalive: doing('plane.keepalive'),
      expect: doing('plane.expect'),
      admit: doing('plane.admit'),
      install: doing('plane.install'),
      move: doing('plane.move'),
      activate: doing('plane.activate'),
      remove: doing('plane.remove'),
    },
    routing: {
      install: doing('routing.install'),
      move: doing('routing.move'),
      remove: doing('routing.remove'),
    },
    keylog: {
      disclose: doing('keylog.disclose'),
      install: doing('keylog.install'),
      move: doing('keylog.move'),
      remove: doing('keylog.remove'),
    },
    report: doing('report'),
    ask: doing('ask'),
    redirect: doing('redirect'),
    untrap: doing('untrap'),
    release: doing('release'),
    closeTls: doing('closeTls'),
  };
  const perform = performer(ports, complainTo(lines), (input) => given.push(input));
  return { ports, perform, done, lines, given };
}

const effects: readonly [Effect, readonly string[]][] = [
  [{ kind: 'send', path, bytes: new Uint8Array(1) }, ['plane.send object object']],
  [{ kind: 'keepalive', path }, ['plane.keepalive object']],
  [{ kind: 'expect', spi: 256 }, ['plane.expect 256']],
  [{ kind: 'admit', spi: new Uint8Array(8) }, ['plane.admit object']],
  [
    { kind: 'install', child: childSpec(5) },
    ['plane.install object', 'routing.install object', 'keylog.install object'],
  ],
  [
    { kind: 'move', child: child(5), path, encap: 'udp' },
    ['plane.move 5 object string', 'routing.move 5 object', 'keylog.move 5 object'],
  ],
  [{ kind: 'activate', child: child(5) }, ['plane.activate 5']],
  [{ kind: 'remove', child: child(5) }, ['plane.remove 5', 'routing.remove 5', 'keylog.remove 5']],
  [
    {
      kind: 'redirect',
      connection: 'site',
      to: 'b.example',
      from: path.remote.ip,
      instead: undefined,
    },
    ['redirect object'],
  ],
  [{ kind: 'untrap', connection: 'site', isCarried: true }, ['untrap string boolean']],
  [{ kind: 'release', lease: { pool: 'p', identity: 'anna', addresses: [] } }, ['release object']],
  [{ kind: 'closeTls', tls: 3 as TlsRef }, ['closeTls 3']],
  [{ kind: 'ask', ticket: ticket(8), question: { kind: 'idle', children: [] } }, ['ask 8 object']],
  [
    {
      kind: 'disclose',
      keys: {
        spiI: new Uint8Array(8),
        spiR: new Uint8Array(8),
        encryption: 'aes128gcm16',
        integrity: undefined,
        skEi: new Uint8Array(),
        skEr: new Uint8Array(),
        skAi: new Uint8Array(),
        skAr: new Uint8Array(),
      },
    },
    ['keylog.disclose object'],
  ],
  [noteEffect('hello'), ['report object']],
];

describe('an effect', () => {
  test.each(effects)('$kind reaches its ports', (effect, expected) => {
    const { perform, done } = setUp();
    perform(effect);
    expect(done).toEqual(expected);
  });

  test.each(effects)('$kind does not bring the loop down when its port fails', (effect, [port]) => {
    const { perform, lines } = setUp([(port as string).split(' ')[0] as string]);
    perform(effect);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^could not .*: .* is broken$/);
  });

  test('needs no key log', () => {
    const { ports, done, lines } = setUp();
    const perform = performer({ ...ports, keylog: undefined }, complainTo(lines), () => {});
    for (const [effect] of effects) perform(effect);
    expect(lines).toEqual([]);
    expect(done.some((entry) => entry.startsWith('keylog'))).toBe(false);
  });
});

describe('a tunnel that cannot be installed', () => {
  test('takes its IKE SA down, so that nobody believes in it', () => {
    const { perform, given, done } = setUp(['plane.install']);
    perform({ kind: 'install', child: childSpec(5) });
    expect(given).toEqual([{ kind: 'command', command: { kind: 'terminate', which: 3 } }]);
    expect(done).toEqual([]);
  });

  test.each([
    ['a key log that fails', 'keylog.install', 'write keys for Wireshark'],
    ['routing that fails', 'routing.install', 'route a tunnel'],
  ])('is another matter than %s', (_, port, what) => {
    const { perform, given, lines } = setUp([port]);
    perform({ kind: 'install', child: childSpec(5) });
    expect(given).toEqual([]);
    expect(lines).toEqual([`could not ${what}: ${port} is broken`]);
  });
});
