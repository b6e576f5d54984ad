// What several key exchanges are guarded by, in the rows of docs/security/cve-classes.md behind those of what has broken
// daemons: see guards.ts.
import type { Guard } from './guards.ts';

const sim = (name: string): string => `test/sim/scenarios/${name}.test.ts`;
const unit = (name: string): string => `test/unit/${name}.test.ts`;

export const keyExchangeGuards: readonly Guard[] = [
  {
    row: 31,
    file: 'src/ike/auth/octets.ts',
    guard: 'concat(handshake.request, handshake.nr,',
    without: 'concat(handshake.nr,',
    test: sim('downgrade'),
    title: 'taken out of the request',
  },
  {
    row: 31,
    file: 'src/ike/exchanges/ike-sa-init.ts',
    guard: 'suite.addKe.length === 0 || speaksIntermediate(response) ? suite : undefined',
    without: 'suite',
    test: sim('downgrade'),
    title: 'taken out of the answer',
  },
  {
    row: 31,
    file: 'src/ike/negotiate/proposals.ts',
    guard: 'wanted.isSingle ? mine.addKe.map((one) => ({ ...one, methods: [] })) : mine.addKe',
    without: 'mine.addKe',
    test: unit('ike/additional-ke'),
    title: 'is never taken of a peer that cannot do IKE_INTERMEDIATE',
  },
  {
    row: 32,
    file: 'src/ike/exchanges/ike-intermediate.ts',
    guard: '    sa.key(seed, suite, { ni, nr }, ppk);\n',
    without: '',
    test: sim('ghosts'),
    title: 'stays for eight hours and a half',
  },
  {
    row: 32,
    file: 'src/ike/extensions/ppk-int.ts',
    guard: 'ppk !== undefined && equal(shown, data.subarray(end))',
    without: 'ppk !== undefined',
    test: sim('ppk-int'),
    title: 'does not know its secret',
  },
  {
    row: 32,
    file: 'src/ike/extensions/ppk-int.ts',
    guard: '.slice(0, mostOffers)',
    without: '',
    test: sim('ppk-int'),
    title: 'guesses too often',
  },
  {
    row: 32,
    file: 'src/ike/auth/int-auth.ts',
    guard: 'before[signer], coveredOctets(message)',
    without: 'coveredOctets(message)',
    test: unit('ike/int-auth'),
    title: 'covers each message of both sides',
  },
  {
    row: 32,
    file: 'src/ike/auth/octets.ts',
    guard: 'const intAuth = intAuthOctets(handshake.intAuth);',
    without:
      'const intAuth = intAuthOctets({ ...handshake.intAuth, initiator: new Uint8Array(0) });',
    test: sim('ghosts'),
    title: 'stays for eight hours and a half',
  },
  {
    row: 33,
    file: 'src/ike/sa/follow-ups.ts',
    guard: '(one) => link && equal(one.link, link)',
    without: '() => true',
    test: sim('hostile-follow-ups'),
    title: 'a link leads to what it was given for, and once',
  },
  {
    row: 33,
    file: 'src/ike/sa/follow-ups.ts',
    guard: 'pending.splice(at, 1)',
    without: 'pending.slice(at, at + 1)',
    test: sim('hostile-follow-ups'),
    title: 'a link leads to what it was given for, and once',
  },
  {
    row: 33,
    file: 'src/ike/exchanges/followup-ke.ts',
    guard: "if (!found) throw new IkeError('STATE_NOT_FOUND',",
    without: "if (!found) throw new IkeError('INVALID_SYNTAX',",
    test: sim('hostile-follow-ups'),
    title: 'a link leads to what it was given for, and once',
  },
  {
    row: 33,
    file: 'src/ike/sa/follow-ups.ts',
    guard: 'if (further > 0 && pending.length >= mostPending) {',
    without: 'if (pending.length < 0) {',
    test: sim('hostile-follow-ups'),
    title: 'four may be unfinished, for a minute',
  },
];
