// SA, TSi and TSr of the tunnel as no client sends them: narrowed or refused, and never more than was asked for
// (classes 8, 10).
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { offer } from '../../../src/ike/negotiate/proposals.ts';
import { everything } from '../../../src/policy/selectors.ts';
import { find, payload } from '../../../src/wire/payloads/index.ts';
import { doorstep, logsIn, logsInRaw, notifies, onlyChild } from '../doorstep.ts';
import { household } from '../household.ts';
import { login, none, notify, replaced } from '../payloads.ts';
import { connection, pattern, phone, policy, proposals } from '../policies.ts';

describe('SA of the tunnel', () => {
  test.each([0, 1, 255])(
    'with SPI %i is refused: it is reserved (RFC 4303 §2.1, pitfall 66)',
    (spi) => {
      const sa = offer(proposals('esp', 'aes256gcm16'), Uint8Array.of(0, 0, 0, spi), false);
      const { gateway, refusals } = logsIn(payload(P.SA, sa));
      expect(refusals).toEqual(['NO_PROPOSAL_CHOSEN']);
      expect(gateway.installed).toEqual([]);
    },
  );

  test('that names no sequence numbers means short ones, and a PFS group means nothing yet (pitfall 24)', () => {
    const sa = offer(proposals('esp', 'aes256gcm16-x25519'), Uint8Array.of(0xc0, 0, 0, 1), true);
    const [only] = sa.proposals;
    const transforms = (only?.transforms ?? []).filter(({ type }) => type !== 5);
    const { gateway } = logsIn(payload(P.SA, { proposals: only ? [{ ...only, transforms }] : [] }));
    expect(onlyChild(gateway)).toMatchObject({ esn: false });
  });

  test.each([
    ['we', ['aes256gcm16-esn'], ['aes256gcm16-esn-noesn']],
    ['the phone', ['aes256gcm16-esn-noesn'], ['aes256gcm16-esn']],
  ])(
    '%s insist on extended sequence numbers, and the other takes both (scenario 29)',
    (_who, ours, theirs) => {
      const {
        world,
        gateway,
        phone: dialer,
        dial,
      } = household({
        gateway: policy([connection({ esp: proposals('esp', ...ours) })]),
        phone: policy([phone({ esp: proposals('esp', ...theirs) })]),
      });
      dial();
      world.run(seconds(1));
      expect([onlyChild(gateway).esn, onlyChild(dialer).esn]).toEqual([true, true]);
    },
  );

  test('that could do IP-TFS or go over many processors comes up without (RFC 9347, RFC 9611; scenario 44)', () => {
    const { gateway, answer } = logsIn(
      notify(Notification.USE_AGGFRAG, Uint8Array.of(0)),
      notify(Notification.SA_RESOURCE_INFO, none, 3, Uint8Array.of(0xc0, 1, 2, 3)),
    );
    expect(onlyChild(gateway).cipher).toBe('aes256gcm16');
    expect(notifies(answer)).not.toContain('USE_AGGFRAG');
    expect(notifies(answer)).not.toContain('SA_RESOURCE_INFO');
  });

  test('that asks for transport mode and IPComp comes up in tunnel mode without (scenario 38)', () => {
    const { gateway, answer } = logsIn(
      notify(Notification.USE_TRANSPORT_MODE),
      notify(Notification.IPCOMP_SUPPORTED, Uint8Array.of(0xc0, 1, 2)),
    );
    expect(onlyChild(gateway).cipher).toBe('aes256gcm16');
    expect(notifies(answer)).not.toContain('USE_TRANSPORT_MODE');
    expect(notifies(answer)).not.toContain('IPCOMP_SUPPORTED');
  });

  // Each connection has its own idea of strength; the suite was chosen before it was known whose peer it is.
  test('does not come over an IKE suite that only another connection allows', () => {
    const ike = proposals('ike', 'aes128-sha1-modp2048');
    const weak = connection({ name: 'legacy', remoteId: pattern('old@example.org'), ike });
    const office = connection({ name: 'office' });
    const { world, gateway, dial } = household({
      gateway: policy([weak, office]),
      phone: policy([phone({ ike })]),
    });
    dial();
    world.run(seconds(2));
    expect(gateway.installed).toEqual([]);
    expect(gateway.eventsOf('sa.established')).toEqual([]);
  });
});

describe('traffic selectors', () => {
  const v4 = [0x07, 0, 0, 16, 0, 0, 0xff, 0xff];
  test.each([
    ['none, count 0', [0, 0, 0, 0]],
    ['count 255 and one selector', [255, 0, 0, 0, ...v4, 0, 0, 0, 0, 255, 255, 255, 255]],
    ['a start above the end', [1, 0, 0, 0, ...v4, 10, 0, 0, 9, 10, 0, 0, 1]],
    [
      'a start port above the end port',
      [1, 0, 0, 0, 7, 6, 0, 16, 0, 9, 0, 1, 0, 0, 0, 0, 255, 255, 255, 255],
    ],
    [
      'IPv6 addresses in an IPv4 length',
      [1, 0, 0, 0, 8, 0, 0, 16, 0, 0, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255],
    ],
    ['a length of 0', [1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 255, 255]],
    ['a length beyond the payload', [1, 0, 0, 0, 7, 0, 0xff, 0xff, 0, 0, 255, 255]],
    ['three bytes', [1, 0, 0]],
  ])('of %s end the handshake with INVALID_SYNTAX (CVE-2023-23009, class 10)', (_name, body) => {
    const { gateway, refusals } = logsInRaw(P.TSR, Uint8Array.from(body));
    expect(refusals).toEqual(['INVALID_SYNTAX']);
    expect(gateway.core.snapshot().sas).toEqual([]);
  });

  test('of types that we do not know alone are TS_UNACCEPTABLE (pitfall 54)', () => {
    const { refusals } = logsInRaw(P.TSR, Uint8Array.of(1, 0, 0, 0, 9, 0, 0, 8, 1, 2, 3, 4));
    expect(refusals).toEqual(['TS_UNACCEPTABLE']);
  });

  test.each([
    ['OPAQUE ports', 65_535, 0],
    ['one port', 53, 53],
  ])('of %s are narrowed or refused, never widened (pitfall 54)', (_name, startPort, endPort) => {
    const { gateway } = logsIn(
      payload(P.TSR, {
        selectors: [
          {
            type: 7,
            protocol: 17,
            startPort,
            endPort,
            start: Uint8Array.of(10, 1, 0, 1),
            end: Uint8Array.of(10, 1, 0, 1),
          },
        ],
      }),
    );
    const selectors = gateway.installed.flatMap((spec) => spec.selectors.local);
    expect(selectors).toEqual(
      startPort > endPort
        ? []
        : [
            {
              range: { start: '10.1.0.1', end: '10.1.0.1' },
              protocol: 17,
              ports: { start: 53, end: 53 },
            },
          ],
    );
  });

  test('in their hundreds make a bounded tunnel and a bounded answer (class 8)', () => {
    const everywhere = everything({ start: ip('0.0.0.0'), end: ip('255.255.255.255') });
    const { gateway, halfOpen } = doorstep({
      policy: policy([connection({ localTs: [everywhere] })]),
    });
    const peer = halfOpen();
    const selectors = Array.from({ length: 255 }, (_, i) => {
      const address = Uint8Array.of(10, 1, 0, i);
      return { type: 7, protocol: 6, startPort: i, endPort: i, start: address, end: address };
    });
    const answer = peer.ask(
      Exchange.IKE_AUTH,
      replaced(login(peer), payload(P.TSR, { selectors })),
    );
    expect(find(answer ?? [], P.TSR)?.selectors).toHaveLength(32);
    expect(onlyChild(gateway).selectors.local).toHaveLength(32);
  });
});
