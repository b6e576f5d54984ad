import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { printable } from '../../../src/base/printable.ts';
import { formatEvent, longestLine } from '../../../src/trace/line.ts';
import { attempt, childSnapshot, dropped, note, path, sa } from './events.ts';

describe('the line of an event', () => {
  test('says who came up, from where, with what', () => {
    const line = formatEvent({
      kind: 'sa.established',
      sa: sa(3),
      connection: 'phones',
      peer: 'anna@example.org',
      user: undefined,
      certificate: undefined,
      path,
      suite: 'aes256gcm16-prfsha384-ecp384',
      addresses: [ip('10.3.0.10'), ip('fd00::a')],
      nat: true,
      ppk: 'anna',
    });
    expect(line).toBe(
      "sa 3: up: 'anna@example.org' on connection 'phones' from 198.51.100.10:61234 behind NAT, " +
        "has 10.3.0.10 fd00::a, aes256gcm16-prfsha384-ecp384 with PPK 'anna'",
    );
  });

  test('says what a tunnel carries', () => {
    expect(formatEvent({ kind: 'child.established', sa: sa(3), child: childSnapshot })).toBe(
      'sa 3: tunnel 5 up: 0.0.0.0/0 ::/0 === 10.3.0.10/32, aes256gcm16, ESP in UDP, ' +
        'SPI c0ffee01 in, c0ffee02 out',
    );
  });

  test('says a message in the notation of the RFC', () => {
    const message = {
      ...{ exchange: 'IKE_AUTH', isRequest: false, messageId: 1 },
      ...{ payloads: ['IDr', 'CERT', 'AUTH', 'N(MOBIKE_SUPPORTED)'], fragments: 3 },
    };
    expect(
      formatEvent({ kind: 'message', sa: sa(3), direction: 'out', path, bytes: 2900, message }),
    ).toBe(
      'sa 3: to 198.51.100.10:61234, 2900 bytes: ' +
        'IKE_AUTH response 1 [IDr CERT AUTH N(MOBIKE_SUPPORTED)] in 3 fragments',
    );
  });

  test('says why an attempt failed and what helps', () => {
    expect(formatEvent(attempt({}))).toBe(
      "sa 7: attempt failed: peer 'anna@example.org' on connection 'phones' from " +
        '198.51.100.10:61234: AUTHENTICATION_FAILED: the key does not fit. ' +
        'Compare the PSK on both sides',
    );
  });

  test('says why a peer is gone, once', () => {
    const closed = {
      kind: 'sa.closed',
      sa: sa(3),
      connection: 'phones',
      peer: 'anna@example.org',
      path,
      cause: 'deleted-by-peer',
    } as const;
    expect(formatEvent({ ...closed, why: 'the peer disconnected' })).toBe(
      "sa 3: down: peer 'anna@example.org' on connection 'phones' from 198.51.100.10:61234: " +
        'the peer disconnected',
    );
    expect(formatEvent({ ...closed, why: '' })).toMatch(/: the peer hung up$/);
  });

  test('leaves out what is not known', () => {
    const unknown = attempt({ peer: undefined, connection: undefined, advice: '' });
    expect(formatEvent(unknown)).toBe(
      'sa 7: attempt failed: from 198.51.100.10:61234: AUTHENTICATION_FAILED: the key does not fit',
    );
  });

  test('keeps an identity inside its quotes', () => {
    const forged = attempt({ peer: "x' from 192.0.2.1:500: OK" });
    expect(formatEvent(forged)).toContain("peer 'x\\' from 192.0.2.1:500: OK' on");
  });

  // CVE class 7: what strangers send reaches the log.
  test('is one bounded line without control characters whatever a stranger calls itself', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 2000 }),
      fc.constantFrom(
        '\n',
        '\r\n',
        '\u001b[2J',
        '%n%n',
        '$(reboot)',
        '\u0000',
        '\u202Eabc',
        '\u2028',
        'x'.repeat(65536),
      ),
    );
    fc.assert(
      fc.property(hostile, hostile, (peer, why) => {
        for (const event of [attempt({ peer, why, advice: why }), dropped(why), note(why)]) {
          const line = formatEvent(event);
          expect(line.length).toBeLessThanOrEqual(longestLine);
          expect(line).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        }
      }),
    );
  });
});

describe('printable text', () => {
  test('escapes what breaks a line and keeps other scripts', () => {
    expect(printable('Zoë 😀\n\u0007\u202e', 80)).toBe('Zoë 😀\\x0a\\x07\\u{202e}');
  });

  test('is cut with an ellipsis, never inside an escape or a surrogate pair', () => {
    expect(printable('abcdef', 6)).toBe('abcdef');
    expect(printable('abcdefg', 6)).toBe('abcde…');
    expect(printable('abcd😀😀', 6)).toBe('abcd…');
    expect(printable('abcd\n', 6)).toBe('abcd…');
  });

  test('is never longer than asked and never changes twice', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.integer({ min: 1, max: 40 }),
        (text, longest) => {
          const once = printable(text, longest);
          expect(once.length).toBeLessThanOrEqual(longest);
          expect(printable(once, longest)).toBe(once);
        },
      ),
    );
  });
});
