// The owner's view of all that is counted: what was refused, dropped and repeated, in words. The rest are events
// of everyday life.
import type { DropReason } from '../ike/events.ts';

type Counts = Readonly<Record<string, number>>;

/** Something that went wrong, and how often. */
export interface Trouble {
  readonly count: number;
  /** In words, for the owner. */
  readonly what: string;
  /** The name of the counter. */
  readonly name: string;
}

export interface Counters {
  /** Attempts that failed, by what was refused. */
  readonly refusals: Counts;
  readonly ike: Counts;
  readonly esp: Counts;
}

/** What went wrong at all, sorted by kind. */
export function troublesIn({ refusals, ike, esp }: Counters): readonly Trouble[] {
  return [
    ...Object.entries(refusals).map(([name, count]) => ({ count, what: refused(name), name })),
    ...named(ikeTroubles, ike),
    ...named(espTroubles, esp),
  ].filter(({ count }) => count > 0);
}

/** What is no trouble. */
export function eventsIn({ ike, esp }: Pick<Counters, 'ike' | 'esp'>): {
  readonly ike: Counts;
  readonly esp: Counts;
} {
  return { ike: without(ikeTroubles, ike), esp: without(espTroubles, esp) };
}

const refused = (name: string): string =>
  name === 'no answer' ? 'attempts that nobody answered' : `attempts refused: ${name}`;

type Words = Readonly<Record<string, string>>;

function named(words: Words, counts: Counts): readonly Trouble[] {
  return Object.entries(words).map(([name, what]) => ({ count: counts[name] ?? 0, what, name }));
}

function without(words: Words, counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([name]) => !Object.hasOwn(words, name)));
}

const dropWords: Readonly<Record<DropReason, string>> = {
  malformed: 'that could not be read',
  version: 'of another version of the protocol',
  'unknown-spi': 'of a connection that is not here, or no more',
  unexpected: 'that had no place where their exchange stood',
  integrity: 'forged or damaged',
  'message-id': 'out of turn',
  rules: 'that broke the rules of their exchange',
};
const ikeTroubles: Words = {
  ...Object.fromEntries(
    Object.entries(dropWords).map(([reason, what]) => [
      `dropped.${reason}`,
      `IKE messages dropped: ${what}`,
    ]),
  ),
  retransmit: 'requests sent again, for nobody had answered',
  repeated: 'requests of peers that came again, for they had missed our answer',
  'cookie.demanded': 'strangers who had to prove their address first',
  'half-open.evicted': 'handshakes given up to make room for others',
  'lingering.evicted': 'ended connections forgotten early, for too many ended at once',
  bug: 'faults of ikev2d itself; its log has more',
};
const espTroubles: Words = {
  runt: 'packets dropped: too short',
  truncated: 'packets dropped: too long',
  'bad-spi': 'packets dropped: of a reserved SPI',
  'unknown-spi': 'packets dropped: of a tunnel that is not here, or no more',
  replay: 'packets dropped: seen before, or far too late',
  'bad-icv': 'packets dropped: forged or damaged',
  'bad-padding': 'packets dropped: padded wrongly',
  'bad-next-header': 'packets dropped: not IP inside',
  'bad-inner': 'packets dropped: their inner header lies',
  'inbound-policy': 'packets dropped: inner addresses that their tunnel may not carry',
  ecn: 'packets dropped: congestion told to one who cannot hear it',
  'no-sa': 'packets dropped: no tunnel leads to their destination',
  'too-big': 'packets dropped: too big for the way of their tunnel',
  'sequence-exhausted': 'packets dropped: the keys of their tunnel are worn out',
  'send-failed': 'packets dropped: the kernel would not send them',
  'tun-failed': 'packets dropped: the network device would not take them',
  'ike-send-failed': 'IKE messages that the kernel would not send',
  'ike-no-socket': 'IKE messages for an address that we do not listen on',
  'turned-away': 'IKE messages of strangers dropped: too many at once',
  'mailbox-full': 'IKE messages dropped: more than ikev2d could read',
  'mailbox-bad': 'IKE messages that ikev2d garbled',
  'mailbox-unsent': 'IKE messages dropped: more than could be sent',
};
