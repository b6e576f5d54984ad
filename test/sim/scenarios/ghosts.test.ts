// The native clients, each as its own ghost: a day at work with our gateway. They connect, renew keys in their way and
// at their times, roam, and hang up; so does the gateway with the lifetimes that it has unless told otherwise.
import { beforeAll, describe, expect, test } from 'vitest';
import { minutes, seconds } from '../../../src/base/time.ts';
import { TransformType } from '../../../src/iana/transforms.ts';
import { suite } from '../../../src/transforms/suites.ts';
import { byId } from '../../../src/transforms/table.ts';
import type { Model } from '../../ghost/model.ts';
import { models } from '../../ghost/models.ts';
import { expectHarmony, ghostPapers, haunted, timesIn } from '../ghosts.ts';
import { mobile } from '../haunt.ts';
import { leftovers } from '../leftovers.ts';
import type { Papers } from '../papers.ts';

let papers: Papers;

beforeAll(async () => {
  papers = await ghostPapers();
});

/** Unmodified Windows needs more than a gateway gives unless told to. */
const suiteFor = ({ firstKe }: Model) => (firstKe === 2 ? 'legacy' : 'compatible');

/** Whether the gateway carries ESP in a form that the client offers. */
function canCarry(model: Model): boolean {
  const accepted = suite(suiteFor(model)).esp.flatMap(({ encr }) => encr);
  const offered = model.esp.flatMap(({ encr }) => encr);
  return offered.some(([id, bits]) =>
    accepted.some((row) => row === byId(TransformType.ENCR, id, bits)),
  );
}

const served = models.filter(canCarry);
const cases = served.flatMap((model) =>
  model.logins.map((kind) => ({ name: model.name, model, kind })),
);

describe.each(cases)('$name, by $kind', ({ model, kind }) => {
  test('stays for eight hours and a half, roams, and leaves nothing behind', () => {
    const scene = haunted({ papers, model, kind, suite: suiteFor(model) }).connect(seconds(5));
    expectHarmony(scene);
    for (let half = 0; half < 17; half++) {
      scene.after(minutes(30));
      expectHarmony(scene);
    }
    // Whoever comes first: the client at its time, or the gateway after 72 minutes and up to six more.
    const hours = 8.5;
    const longest = Math.min(model.rekey.child / 3600, 1.3);
    expect(timesIn(scene, /renewed the tunnel/)).toBeGreaterThanOrEqual(
      Math.floor(hours / longest),
    );
    const longestIke = Math.min(model.rekey.ike / 3600, 5.2);
    expect(timesIn(scene, /renewed the IKE SA/)).toBeGreaterThanOrEqual(
      Math.floor(hours / longestIke),
    );

    scene.rebind();
    expectHarmony(scene);
    if (scene.ghost.isMobile) {
      scene.roam(mobile, seconds(5));
      expectHarmony(scene);
    }
    scene.after(seconds(60), (ghost, now) => ghost.disconnect(now));

    expect(scene.ghost.diary.at(-1)).toBe('disconnected');
    expect(scene.gateway.eventsOf('attempt.failed')).toEqual([]);
    expect(leftovers(scene.world, scene.gateway)).toEqual([]);
  });
});

test('only without MOBIKE a client cannot roam', () => {
  const wanders = cases.filter(({ model, kind }) => {
    const scene = haunted({ papers, model, kind, suite: suiteFor(model) }).connect(seconds(5));
    return scene.ghost.isMobile;
  });
  const staying = new Set(cases.filter((one) => !wanders.includes(one)).map(({ name }) => name));
  expect([...staying]).toEqual(['Android 11']);
});

test('whoever is not served lacks a common cipher for the tunnel, and the owner reads it', () => {
  for (const model of models.filter((one) => !served.includes(one))) {
    const scene = haunted({ papers, model, kind: 'certificate', suite: suiteFor(model) });
    scene.connect(seconds(5));
    expect(scene.ghost.complaints).toEqual(['there is no tunnel: NO_PROPOSAL_CHOSEN']);
    expect(scene.gateway.eventsOf('attempt.failed')).toMatchObject([
      { notify: 'NO_PROPOSAL_CHOSEN', why: expect.stringContaining('accepted here: aes256gcm16') },
    ]);
  }
});
