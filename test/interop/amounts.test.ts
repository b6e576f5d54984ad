// New keys after so much traffic, told by the data plane, with strongSwan at the other end (RFC 4301 §4.4.2.1).
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

/** A ping is a packet of 84 bytes each way; who answers waits a fifth longer, and up to a tenth more. */
const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const limits = { child_packets: 100, jitter: 0.1 };
    const sections = [...basics(), pskGuests(limits), presharedKey(anna.id, anna.secret)];
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const phone = await startPhone(home, { home: { login: anna } });
    expect((await phone.initiate('home')).code).toBe(0);
    return { gateway };
  },
});

test('a tunnel gets new keys after a hundred packets, and loses none', async () => {
  const { home, gateway } = scene();
  const [before] = await gateway.sas();

  const { sent, received } = await ping(home.phone, address.lan, 600, 0.01);

  expect(received).toBe(sent);
  await until('one tunnel', async () => (await gateway.sas())[0]?.children.length === 1, 15_000);
  const [after, ...others] = await gateway.sas();
  expect(others).toEqual([]);
  expect(after?.id).toBe(before?.id);
  const made = gateway.log.split('\n').filter((line) => /tunnel \d+ up:/.test(line));
  expect(made.length).toBeGreaterThanOrEqual(4);
});
