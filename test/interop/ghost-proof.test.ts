// Are the ghosts clients at all? strongSwan, which knows nothing of them, takes them for such: what they and our gateway
// agree on is then no mistake that both make.
import { describe, expect, test } from 'vitest';
import { android13 } from '../ghost/android.ts';
import { ios17, macos14 } from '../ghost/apple.ts';
import { networkManager } from '../ghost/networkmanager.ts';
import { gatewayName } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { SwanGateway } from '../lab/swan-gateway.ts';
import { aDay, Ghosts, wholeDay } from './ghosts.ts';

const anna = 'anna@example.org';
const secret = 'correct horse battery';

const scene = stage({
  needs: ['strongSwan'],
  async play(home) {
    const gateway = await SwanGateway.start(home, {
      ike: 'aes256gcm16-prfsha256-prfsha512-ecp256-modp4096',
      esp: 'aes256gcm16-ecp256,aes256gcm16',
      local: { auth: 'psk', id: gatewayName },
      remote: { auth: 'psk', id: anna },
      secrets: { 'ike-anna': { id: anna, secret } },
    });
    return { gateway, ghosts: await Ghosts.prepare(home) };
  },
});

describe.each([ios17, macos14, android13, networkManager])('$name', (model) => {
  test('connects to strongSwan, renews its keys, roams and leaves, with pings in between', async () => {
    const { ghosts, gateway } = scene();

    const visit = { login: { secret }, name: anna, over: 'v4', steps: aDay('v4') } as const;
    const report = await ghosts.visit(model, visit);

    expect(report).toMatchObject({ complaints: [], steps: wholeDay });
    expect(await gateway.tunnels()).toEqual([]);
  });
});
