// How the clients log in by name and password: what they say when asked for an identity, how they decline another
// method, how they type (EAP-MSCHAPv2).
import { beforeAll, describe, expect, test } from 'vitest';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { android13 } from '../../ghost/android.ts';
import { ios17 } from '../../ghost/apple.ts';
import { byPassword } from '../../ghost/login.ts';
import type { Typist } from '../../ghost/mschapv2.ts';
import { networkManager } from '../../ghost/networkmanager.ts';
import { strongSwanApp } from '../../ghost/strongswan-app.ts';
import { windowsScripted } from '../../ghost/windows.ts';
import { annaAt, type Encounter, expectHarmony, ghostPapers, haunted, loginOf } from '../ghosts.ts';
import { office } from '../haunt.ts';
import type { Papers } from '../papers.ts';
import { annasPassword } from '../users.ts';

let papers: Papers;

beforeAll(async () => {
  papers = await ghostPapers();
});

/** Somebody types otherwise than Anna does. */
function typed(model: Encounter['model'], typist: Partial<Typist>, connection = {}) {
  const login = loginOf(papers, model, 'eap');
  const proof = byPassword({ ...annaAt(model), ...typist });
  const others = { login: { ...login, proof } };
  return haunted({ papers, model, kind: 'eap', connection, others }).connect(seconds(10));
}

test.each([ios17, windowsScripted, android13, strongSwanApp, networkManager])(
  '$name is known by the name that it logged in with, whatever IDi says (pitfalls 34, 35)',
  (model) => {
    const scene = typed(model, {});
    expectHarmony(scene);
    expect(scene.gateway.sa.peer).toBe('anna');
  },
);

test('Windows writes its domain before the name', () => {
  const scene = typed(windowsScripted, { user: 'HOME\\anna' });
  expect(scene.ghost.complaints).toEqual([]);
  expect(scene.gateway.sa.peer).toBe('anna');
});

test('a client that is offered another method declines it, and logs in by its own', () => {
  const connection = { remoteAuth: ['eap-gtc', 'eap-mschapv2'] as const };
  expectHarmony(typed(windowsScripted, {}, connection));
});

describe('a password typed wrong', () => {
  test('and then right lets Anna in on the same connection', () => {
    const scene = typed(ios17, { passwords: ['correct house', annasPassword] });
    expectHarmony(scene);
    expect(scene.gateway.sa.peer).toBe('anna');
  });

  test('and wrong again does not', () => {
    const { ghost, gateway } = typed(ios17, { passwords: ['correct house', 'battery'] });
    expect(ghost.phase).toBe('down');
    expect(ghost.complaints).toHaveLength(1);
    expect(gateway.core.snapshot().sas).toEqual([]);
    expect(gateway.eventsOf('attempt.failed')[0]?.why).toContain('wrong password');
  });
});

describe('a bad network', () => {
  const cases = [ios17, windowsScripted, strongSwanApp, networkManager].flatMap((model) =>
    model.logins.map((kind) => ({ model, kind, name: model.name })),
  );
  test.each(cases)('keeps neither $name nor its new keys out (by $kind)', ({ model, kind }) => {
    const scene = haunted({ papers, model, kind, others: { at: office } });
    const fault = { seed: 5, loss: 0.2, duplicate: 0.2, jitter: milliseconds(300), mostLosses: 2 };
    scene.world.lossy(fault);
    scene.connect(seconds(60));
    for (let time = 0; time < 5; time++) {
      scene.after(seconds(30), (ghost, now) => ghost.rekeyChild(now));
      scene.after(seconds(30), (ghost, now) => ghost.rekeyIke(now));
    }
    scene.world.wire = (packet) => [{ packet, delay: milliseconds(10) }];
    expectHarmony(scene);
    expect(scene.ghost.diary.filter((entry) => /^renewed/.test(entry))).toHaveLength(10);
  });
});
