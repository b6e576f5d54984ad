// The matrix of peers, as data: which daemons, in which ways they are joined to ours, and what cannot be, and why.
// `matrix.test.ts` plays it; `docs/interop.md` shows it.
import type { Joint } from '../lab/site-peer.ts';

export type Program = 'strongSwan' | 'libreswan' | 'OpenIKED';

export interface PeerRow {
  readonly program: Program;
  /** Of Debian's suite; of `sid` it goes on, and what the suite has today is played. */
  readonly version: string;
  readonly suite: 'bookworm' | 'trixie' | 'sid';
  /** Its name in `cross/peers.txt`. */
  readonly root: string;
  /** Debian's build has ML-KEM, and is to have it with us without a word of configuration. */
  readonly isPostQuantum?: true;
}

export const peers: readonly PeerRow[] = [
  { program: 'strongSwan', version: '5.9.8', suite: 'bookworm', root: 'strongswan-5.9' },
  { program: 'strongSwan', version: '6.0.1', suite: 'trixie', root: 'strongswan-6.0' },
  {
    program: 'strongSwan',
    version: '6.1.0',
    suite: 'sid',
    root: 'strongswan-6.1',
    isPostQuantum: true,
  },
  { program: 'libreswan', version: '4.10', suite: 'bookworm', root: 'libreswan-4' },
  { program: 'libreswan', version: '5.2', suite: 'trixie', root: 'libreswan-5' },
  { program: 'OpenIKED', version: '7.2', suite: 'bookworm', root: 'openiked-7.2' },
  { program: 'OpenIKED', version: '7.4', suite: 'trixie', root: 'openiked-7.4' },
];

/** Any two values of two columns meet in one of these, for each peer that can be joined so. */
export const joints: readonly Joint[] = [
  joint('we', 'psk', 'IPv4', 'UDP', 'aes256-sha512', false),
  joint('they', 'psk', 'IPv4', 'ESP', 'aes256-sha512', false),
  joint('they', 'psk', 'IPv4', 'UDP', 'aes256-sha512', false),
  joint('they', 'psk', 'IPv6', 'ESP', 'aes256gcm16', true),
  joint('they', 'psk', 'IPv6', 'ESP', 'chacha20poly1305', false),
  joint('we', 'certificate', 'IPv4', 'ESP', 'aes256-sha512', false),
  joint('we', 'certificate', 'IPv4', 'UDP', 'chacha20poly1305', true),
  joint('we', 'certificate', 'IPv4', 'UDP', 'aes256gcm16', false),
  joint('we', 'certificate', 'IPv6', 'UDP', 'aes256-sha512', true),
  joint('they', 'certificate', 'IPv4', 'UDP', 'aes256-sha512', false),
  joint('we', 'EAP-TLS', 'IPv4', 'ESP', 'aes256-sha512', true),
  joint('we', 'EAP-TLS', 'IPv4', 'ESP', 'aes256gcm16', true),
  joint('they', 'EAP-TLS', 'IPv6', 'UDP', 'chacha20poly1305', false),
];

function joint(
  dials: Joint['dials'],
  auth: Joint['auth'],
  outer: Joint['outer'],
  encap: Joint['encap'],
  cipher: Joint['cipher'],
  esn: boolean,
): Joint {
  return { dials, auth, outer, encap, cipher, esn };
}

/** What a peer has not, or does in another way. */
interface Gap {
  readonly program: Program;
  readonly versions?: readonly string[];
  readonly when: Partial<Joint>;
  readonly because: string;
}

const noAead = 'on Linux it passes over AEAD ciphers of a tunnel, for PF_KEY does not know them';

const gaps: readonly Gap[] = [
  {
    program: 'libreswan',
    when: { auth: 'EAP-TLS', dials: 'they' },
    because: 'it has EAP-TLS for who dials it alone',
  },
  {
    program: 'libreswan',
    when: { auth: 'EAP-TLS', dials: 'we' },
    because:
      'it speaks TLS 1.3 without the last message that RFC 9190 §2.1.1 demands of the server',
  },
  {
    program: 'OpenIKED',
    when: { auth: 'EAP-TLS' },
    because: 'it has no EAP-TLS; its only EAP is MSCHAPv2, for who dials it',
  },
  { program: 'OpenIKED', when: { cipher: 'aes256gcm16' }, because: noAead },
  { program: 'OpenIKED', when: { cipher: 'chacha20poly1305' }, because: noAead },
  {
    program: 'OpenIKED',
    when: { esn: true },
    because: 'on Linux it speaks to the kernel by PF_KEY, which has no extended sequence numbers',
  },
  {
    program: 'OpenIKED',
    when: { outer: 'IPv6' },
    because: 'by PF_KEY a tunnel over IPv6 carries IPv6 alone, and here IPv4 is inside',
  },
];

/** Why this peer cannot be joined so; undefined: it can. */
export function whyNotJoined(peer: PeerRow, joint: Joint): string | undefined {
  const fits = ({ program, versions, when }: Gap): boolean =>
    program === peer.program &&
    (versions?.includes(peer.version) ?? true) &&
    Object.entries(when).every(([key, value]) => joint[key as keyof Joint] === value);
  return gaps.find(fits)?.because;
}

/** A joint in words, as the title of a test and a row of the document. */
export const titleOf = ({ dials, auth, outer, encap, cipher, esn }: Joint): string =>
  `${dials} dial · ${auth} · ${outer} · ${encap} · ${cipher}${esn ? ' with ESN' : ''}`;

/** The matrix as docs/interop.md shows it. */
export function matrixTable(): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const columns = ['who dials', 'proof', 'outside', 'ESP', 'cipher', 'ESN'];
  const names = peers.map(({ program, version }) => `${program} ${version}`);
  const head = [...columns, ...names];
  const rows = joints.map((joint) => [
    joint.dials,
    joint.auth === 'psk' ? 'PSK' : joint.auth,
    joint.outer,
    joint.encap === 'UDP' ? 'in UDP' : 'protocol 50',
    joint.cipher,
    joint.esn ? 'yes' : 'no',
    ...peers.map((peer) => (whyNotJoined(peer, joint) === undefined ? '✓' : '–')),
  ]);
  return [head, head.map(() => '---'), ...rows].map(row).join('\n');
}
