// What is guarded against strangers who need nothing but packets, in the rows of docs/security/cve-classes.md: sources that
// are not theirs, names as long as a message. See guards.ts.
import type { Guard } from './guards.ts';

const sim = (name: string): string => `test/sim/scenarios/${name}.test.ts`;

export const strangerGuards: readonly Guard[] = [
  {
    row: 12,
    file: 'src/ike/reception.ts',
    guard: 'if (data.length <= longestIdentity) continue;',
    without: 'if (data.length <= 65_535) continue;',
    test: sim('strange-logins'),
    title: 'of whom the peer wants, of type',
  },
  {
    row: 17,
    file: 'src/ike/stateless.ts',
    guard: 'if (bytes.length <= came + emptyNotify)',
    without: 'if (bytes.length <= 65_535)',
    test: sim('floods'),
    title: 'is demanded of nobody who said less than that takes',
  },
  {
    row: 17,
    file: 'src/ike/eap/login.ts',
    guard: 'sourceOf(sa.origin)',
    without: 'sourceOf(sa.path.remote.ip)',
    test: sim('forged-sources'),
    title: 'who guesses from forged addresses locks nobody out',
  },
  {
    row: 22,
    file: 'src/ike/exchanges/first-child.ts',
    guard: 'addresses : [sa.origin];',
    without: 'addresses : [sa.path.remote.ip];',
    test: sim('forged-sources'),
    title: 'is not for the address that its login seemed to come from',
  },
  {
    row: 22,
    file: 'src/ike/exchanges/new-child.ts',
    guard: '[sa.origin]',
    without: '[sa.provenPath.remote.ip]',
    test: sim('forged-sources'),
    title: 'nor for the one that its ESP seemed to come from',
  },
  {
    row: 27,
    file: 'src/ike/admission.ts',
    guard: '      Uint8Array.of(address.length),\n',
    without: '',
    test: sim('floods'),
    title: 'for an IPv6 address is none for the IPv4 address at its beginning or end',
  },
];
