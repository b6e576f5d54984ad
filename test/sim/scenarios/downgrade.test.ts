// Somebody on the way takes the post-quantum part out of IKE_SA_INIT, which nothing protects yet. Both sides would go on
// without it: AUTH covers what was sent, so none of these handshakes may come to its end (RFC 9370 §4, RFC 9242 §5).
import { expect, test } from 'vitest';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType } from '../../../src/iana/payloads.ts';
import { TransformType } from '../../../src/iana/transforms.ts';
import { decodeHeader } from '../../../src/wire/header.ts';
import { decodeMessage, encodeMessage } from '../../../src/wire/message.ts';
import type { Payload } from '../../../src/wire/payloads/index.ts';
import { household } from '../household.ts';
import { connection, phone, policy, proposals } from '../policies.ts';

const base = 'aes256gcm16-prfsha256-x25519';
const hybrid = proposals('ike', `${base}-ke1_mlkem768`, base);
const optional = proposals('ike', `${base}-ke1_mlkem768-ke1_none`);

const isAdditional = (type: number) => type > TransformType.ESN;
/** Additional key exchanges are gone from every proposal. */
const stripped = (one: Payload): Payload =>
  one.type === PayloadType.SA
    ? {
        ...one,
        body: {
          proposals: one.body.proposals.map((proposal) => ({
            ...proposal,
            transforms: proposal.transforms.filter(({ type }) => !isAdditional(type)),
          })),
        },
      }
    : one;
const isAnnouncement = (one: Payload): boolean =>
  one.type === PayloadType.NOTIFY && one.body.type === Notification.INTERMEDIATE_EXCHANGE_SUPPORTED;
const withoutNotify = (payloads: readonly Payload[]) =>
  payloads.filter((one) => !isAnnouncement(one));

test.each([
  ['its proposals', hybrid, (payloads: readonly Payload[]) => payloads.map(stripped)],
  ['INTERMEDIATE_EXCHANGE_SUPPORTED', hybrid, withoutNotify],
  ['INTERMEDIATE_EXCHANGE_SUPPORTED, where NONE is allowed', optional, withoutNotify],
  ['both', hybrid, (payloads: readonly Payload[]) => withoutNotify(payloads).map(stripped)],
])('taken out of the request: %s (class 31)', (_, ike, change) => {
  const house = household({
    gateway: policy([connection({ ike })]),
    phone: policy([phone({ ike })]),
  });
  let changed = 0;
  house.world.wire = (packet) => {
    const delay = seconds(0.01);
    const { exchange, isResponse } = decodeHeader(packet.bytes);
    if (exchange !== Exchange.IKE_SA_INIT || isResponse) return [{ packet, delay }];
    const { header, payloads } = decodeMessage(packet.bytes);
    changed++;
    const bytes = encodeMessage(header, change(payloads));
    return [{ packet: { ...packet, bytes }, delay }];
  };
  house.dial();
  house.world.run(seconds(60));
  expect(changed).toBeGreaterThan(0);
  expect(house.gateway.eventsOf('sa.established')).toEqual([]);
  expect(house.phone.eventsOf('sa.established')).toEqual([]);
  expect(house.phone.children.size + house.gateway.children.size).toBe(0);
  expect(house.gateway.eventsOf('attempt.failed').map(({ notify }) => notify)).toEqual([
    'AUTHENTICATION_FAILED',
  ]);
});

test('taken out of the answer: its INTERMEDIATE_EXCHANGE_SUPPORTED alone makes it no answer at all (class 31)', () => {
  const house = household({
    gateway: policy([connection({ ike: hybrid })]),
    phone: policy([phone({ ike: hybrid })]),
  });
  house.world.wire = (packet) => {
    const delay = seconds(0.01);
    const { exchange, isResponse } = decodeHeader(packet.bytes);
    if (exchange !== Exchange.IKE_SA_INIT || !isResponse) return [{ packet, delay }];
    const { header, payloads } = decodeMessage(packet.bytes);
    const bytes = encodeMessage(header, withoutNotify(payloads));
    return [{ packet: { ...packet, bytes }, delay }];
  };
  house.dial();
  house.world.run(seconds(200));
  expect(house.phone.eventsOf('sa.established')).toEqual([]);
  expect(house.phone.eventsOf('note').map(({ why }) => why)).toContain(
    'a choice that was not offered: still waiting for another answer',
  );
  expect(house.phone.eventsOf('attempt.failed')).toMatchObject([{ cause: 'no-answer' }]);
});

test('a message of IKE_INTERMEDIATE with another key in it ends at AUTH, or before', () => {
  const house = household({
    gateway: policy([connection({ ike: hybrid })]),
    phone: policy([phone({ ike: hybrid })]),
  });
  house.world.wire = (packet) => {
    const bytes = packet.bytes.slice();
    const isIntermediate = decodeHeader(bytes).exchange === Exchange.IKE_INTERMEDIATE;
    if (isIntermediate) bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1;
    return [{ packet: { ...packet, bytes }, delay: seconds(0.01) }];
  };
  house.dial();
  house.world.run(seconds(200));
  expect(house.phone.eventsOf('sa.established')).toEqual([]);
  expect(house.gateway.eventsOf('dropped').map(({ reason }) => reason)).toContain('integrity');
});
