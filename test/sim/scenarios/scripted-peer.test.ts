import { expect, test } from 'vitest';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { doorstep, onlyChild } from '../doorstep.ts';
import { login, peerSpi } from '../payloads.ts';

test('a scripted peer that says what a client says is let in (pitfall 28)', () => {
  const { gateway, halfOpen } = doorstep();
  const peer = halfOpen();
  const answer = peer.ask(Exchange.IKE_AUTH, login(peer));
  expect(answer?.map(({ type }) => type)).toEqual([P.IDR, P.AUTH, P.CP, P.SA, P.TSI, P.TSR]);
  expect(gateway.core.snapshot().sas).toMatchObject([
    { peer: 'anna@example.org', phase: 'established', path: { remote: { port: 4500 } } },
  ]);
  const spi = Buffer.from(peerSpi).readUInt32BE();
  expect(onlyChild(gateway)).toMatchObject({ encap: 'udp', outbound: { spi } });
});
