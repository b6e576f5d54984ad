// A user who may have so many devices: the next one takes the place of another.
import { expect, test } from 'vitest';
import { fromText } from '../../../src/base/bytes.ts';
import { Secret } from '../../../src/base/secret.ts';
import { seconds } from '../../../src/base/time.ts';
import { ntHash } from '../../../src/crypto/nt-hash.ts';
import { findAccount } from '../../../src/daemon/accounts.ts';
import { household } from '../household.ts';
import { identity } from '../policies.ts';
import { accountOf, annasPassword, eapPhone, eapPolicy, users } from '../users.ts';
import { between, type Ports, type SimHost, type World } from '../world.ts';

test.each([
  [1, 1],
  [2, 2],
  [undefined, 4],
])('max_devices %s: of four devices that log in %i stay', (maxDevices, stay) => {
  const ports = portsOf(maxDevices);
  const { world, gateway } = household({ gateway: eapPolicy(), phone: eapPhone(), ports });
  for (let i = 1; i <= 4; i++) {
    const policy = eapPhone({ localId: identity(`phone${i}.example`) });
    const phone = world.host(`phone ${i}`, `198.51.100.${20 + i}`, policy, ports, 10 * i);
    dialIn(world, phone, gateway);
  }

  const inside = gateway.core.snapshot().sas.filter(({ phase }) => phase === 'established');
  expect(inside).toHaveLength(stay);
  // Whoever comes is let in: a user is never locked out by devices that are still there.
  expect(inside.at(-1)?.path.remote.ip).toBe('198.51.100.24');
});

// Counted on each connection alone, a user had as many devices as there are connections that take him.
test('max_devices 1 is one device on all connections together', () => {
  const maxDevices = 1;
  const ports = portsOf(maxDevices);
  const [work, home] = [identity('work.example'), identity('home.example')];
  const policy = eapPolicy({ name: 'work', localId: work }, { name: 'home', localId: home });
  const { world, gateway } = household({ gateway: policy, phone: eapPhone(), ports });
  for (const [i, called] of [work, home].entries()) {
    const remoteId = { kind: 'exact', identity: called } as const;
    const address = `198.51.100.${20 + i}`;
    const phone = world.host(`phone ${i}`, address, eapPhone({ remoteId }), ports, 10 * i + 10);
    dialIn(world, phone, gateway);
  }
  const inside = gateway.core.snapshot().sas.filter(({ phase }) => phase === 'established');
  expect(inside).toMatchObject([{ connection: 'home', user: 'anna' }]);
});

/** A household's ports, where Anna may have so many devices. */
function portsOf(maxDevices: number | undefined): Ports {
  const anna = accountOf({ ntHash: new Secret(ntHash(fromText(annasPassword))), maxDevices });
  const addresses = users();
  return (question) =>
    question.kind === 'account' ? findAccount([anna], question.name, 0) : addresses(question);
}

function dialIn(world: World, phone: SimHost, gateway: SimHost): void {
  const path = between(phone, gateway);
  world.input(phone, { kind: 'command', command: { kind: 'initiate', connection: 'home', path } });
  world.run(seconds(5));
}
