import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { BadParams, Refused } from '../../../src/rpc/method.ts';
import { methods } from '../../../src/rpc/table.ts';
import { fakeDaemon, note, phone } from './fake-daemon.ts';
import { samples } from './samples.ts';

const call = (name: string, params: unknown = {}, daemon = fakeDaemon()): Promise<unknown> => {
  const found = methods[name];
  if (!found) throw new Error(`no method ${name}`);
  return found.call(daemon, params);
};

describe('every method', () => {
  test.each(Object.keys(methods))(
    '%s returns what its shape promises, as JSON can carry it',
    async (name) => {
      const daemon = fakeDaemon();
      daemon.happen(note('hello', 7));
      const result = await call(name, samples[name] ?? {}, daemon);
      const method = methods[name];
      const parsed = z.safeParse(method?.result ?? z.never(), result);
      expect(parsed.success ? [] : parsed.error.issues).toEqual([]);
      expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    },
  );

  test.each(Object.keys(methods))('%s refuses a parameter that it does not know', async (name) => {
    await expect(call(name, { ...samples[name], nonsense: 1 })).rejects.toThrow(
      "unknown parameter 'nonsense'",
    );
  });

  test.each(Object.entries(methods))('%s has a summary and a kind of access', (_, method) => {
    expect(method.summary).toMatch(/^[A-Z].{10,}[^.]$/);
    expect(['read', 'write']).toContain(method.access);
  });
});

describe('status', () => {
  test('has the times by the wall clock, and traffic of the data plane', async () => {
    const daemon = fakeDaemon();
    const status = z.parse(
      methods['status']?.result as z.ZodMiniObject,
      await call('status', {}, daemon),
    );
    expect(status).toMatchObject({
      version: '1.2.3',
      started: 1_700_000_000,
      uptime: 62,
      connections: ['phones'],
      counters: { ike: { 'dropped.malformed': 3 }, esp: { 'unknown-spi': 4, 'rx-packets': 9 } },
      pools: [{ name: 'lan', used: 1, size: 253 }],
      sas: [
        {
          id: 7,
          nat: 'remote',
          remote: '198.51.100.10:61234',
          since: 1_700_000_002,
          rxBytes: 1500, // with what was carried before the keys were renewed
          txBytes: 2000,
          children: [{ id: 9, idle: 2, rxPackets: 10, drops: { replay: 1 } }],
        },
      ],
    });
  });

  test('shows a child that the data plane has not got with zeroes', async () => {
    const daemon = { ...fakeDaemon(), childFigures: () => undefined };
    expect(await call('sas', {}, daemon)).toMatchObject({
      sas: [{ rxBytes: 500, children: [{ rxBytes: 0 }] }],
    });
  });

  test('leaves out what a half-open SA has not got yet', async () => {
    const { connection: _c, peer: _p, ...rest } = phone;
    const halfOpen = {
      ...rest,
      connection: undefined,
      peer: undefined,
      establishedAt: undefined,
      suite: undefined,
    };
    const daemon = { ...fakeDaemon(), snapshot: () => ({ sas: [halfOpen], counters: {} }) };
    const { sas } = (await call('sas', {}, daemon)) as { sas: [object] };
    expect(Object.keys(sas[0])).not.toContain('peer');
    expect(Object.keys(sas[0])).not.toContain('since');
  });
});

describe('sas', () => {
  test('lists by id and by connection', async () => {
    expect(await call('sas', { sa: 7 })).toMatchObject({ sas: [{ id: 7 }] });
    expect(await call('sas', { sa: 8 })).toEqual({ sas: [] });
    expect(await call('sas', { connection: 'phones' })).toMatchObject({ sas: [{ id: 7 }] });
    expect(await call('sas', { connection: 'office' })).toEqual({ sas: [] });
  });
});

describe('terminate', () => {
  test('hangs up one, those of a connection, or all', async () => {
    const daemon = fakeDaemon();
    expect(await call('terminate', { sa: 7 }, daemon)).toMatchObject({ terminated: 1 });
    expect(await call('terminate', { connection: 'phones' }, daemon)).toMatchObject({
      terminated: 1,
    });
    expect(await call('terminate', { all: true }, daemon)).toMatchObject({ terminated: 1 });
    expect(daemon.calls).toEqual([
      ['terminate', 7],
      ['terminate', { connection: 'phones' }],
      ['terminate', 'all'],
    ]);
  });

  test('wants exactly one target', async () => {
    for (const params of [
      {},
      { all: false },
      { sa: 7, all: true },
      { sa: 7, connection: 'phones' },
    ]) {
      await expect(call('terminate', params)).rejects.toThrow(BadParams);
    }
  });

  test('is done as well when it only stops a connection from being dialled', async () => {
    expect(await call('terminate', { connection: 'cabin' })).toEqual({
      terminated: 0,
      stopped: ['cabin'],
    });
  });

  test('says when there is nothing to hang up', async () => {
    await expect(call('terminate', { sa: 8 })).rejects.toThrow(new Refused('there is no IKE SA 8'));
    await expect(call('terminate', { connection: 'office' })).rejects.toThrow(
      "connection 'office' has no IKE SA at the moment",
    );
  });
});

describe('rekey', () => {
  test('asks for new keys of the IKE SA, or of one tunnel', async () => {
    const daemon = fakeDaemon();
    const [child] = daemon.snapshot().sas.find(({ id }) => id === 7)?.children ?? [];
    expect(await call('rekey', { sa: 7 }, daemon)).toEqual({ rekeying: 7 });
    expect(await call('rekey', { sa: 7, child: child?.ref }, daemon)).toEqual({
      rekeying: child?.ref,
    });
    expect(daemon.calls).toEqual([
      ['rekey', [7, undefined]],
      ['rekey', [7, child?.ref]],
    ]);
  });

  test('says when there is no such thing', async () => {
    await expect(call('rekey', { sa: 8 })).rejects.toThrow('there is no IKE SA 8');
    await expect(call('rekey', { sa: 7, child: 999 })).rejects.toThrow(
      'IKE SA 7 has no tunnel 999',
    );
  });
});

describe('events', () => {
  test('come as fields and as the line of the log', async () => {
    const daemon = fakeDaemon();
    daemon.happen(note('one', 7));
    daemon.happen(note('two'));
    expect(await call('events', {}, daemon)).toEqual({
      events: [
        {
          id: 1,
          at: 1_700_000_000.5,
          level: 'info',
          kind: 'note',
          sa: 7,
          line: 'sa 7: one',
          fields: { why: 'one' },
        },
        {
          id: 2,
          at: 1_700_000_000.5,
          level: 'info',
          kind: 'note',
          line: 'two',
          fields: { why: 'two' },
        },
      ],
    });
    expect(await call('events', { since: 1, limit: 1 }, daemon)).toMatchObject({
      events: [{ id: 2 }],
    });
    expect(await call('events', { sa: 7 }, daemon)).toMatchObject({ events: [{ id: 1 }] });
  });

  test.each([
    [{ limit: 0 }, "'limit' has to be at least 1"],
    [{ limit: 1001 }, "'limit' has to be at most 1000"],
    [{ limit: 'many' }, "'limit' has to be a number"],
    [{ since: -1 }, "'since' has to be at least 0"],
    [{ since: 1.5 }, "'since' has to be a whole number"],
  ])('refuses %j in words', async (params, why) => {
    await expect(call('events', params)).rejects.toThrow(why);
  });
});
