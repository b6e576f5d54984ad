// The matrix of peers leaves no pair out, and is what docs/interop.md says.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { joints, matrixTable, peers, whyNotJoined } from '../../interop/matrix.ts';
import { inCheckout } from '../../lab/checkout.ts';
import type { Joint } from '../../lab/site-peer.ts';

const columns = ['dials', 'auth', 'outer', 'encap', 'cipher', 'esn'] as const;

/** Every two columns, with the values in them. */
function pairsOf(joint: Joint): string[] {
  return columns.flatMap((a, i) =>
    columns.slice(i + 1).map((b) => `${a} ${joint[a]}, ${b} ${joint[b]}`),
  );
}

const all: readonly Joint[] = (['psk', 'certificate', 'EAP-TLS'] as const).flatMap((auth) =>
  (['we', 'they'] as const).flatMap((dials) =>
    (['IPv4', 'IPv6'] as const).flatMap((outer) =>
      (['UDP', 'ESP'] as const).flatMap((encap) =>
        (['aes256gcm16', 'chacha20poly1305', 'aes256-sha512'] as const).flatMap((cipher) =>
          [false, true].map((esn) => ({ dials, auth, outer, encap, cipher, esn })),
        ),
      ),
    ),
  ),
);

test.each(peers.map((peer) => [`${peer.program} ${peer.version}`, peer] as const))(
  '%s: any two values of two columns meet, where they can',
  (_, peer) => {
    const possible = (joint: Joint) => whyNotJoined(peer, joint) === undefined;
    const pairs = (some: readonly Joint[]) => new Set(some.filter(possible).flatMap(pairsOf));
    expect(pairs(joints)).toEqual(pairs(all));
  },
);

test('docs/interop.md shows the matrix as it is', () => {
  const page = readFileSync(inCheckout('docs/interop.md'), 'utf8');
  expect(page).toContain(matrixTable());
});

test('each peer can be had: cross/peers.txt knows it, from the suite that the matrix names', () => {
  const known = readFileSync(inCheckout('cross/peers.txt'), 'utf8');
  for (const { root, suite } of peers) expect(known).toContain(`\n${root} ${suite} `);
});
