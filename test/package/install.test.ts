// A package comes onto a router, gets a new version, and goes: what is there afterwards, under opkg and under apk.
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inCheckout } from '../lab/checkout.ts';
import { packageIn } from './dist.ts';
import { Installer, type Kind, modeOf } from './installer.ts';
import { Router } from './router.ts';

describe.each(['opkg', 'apk'] as const)('with %s', (kind: Kind) => {
  const bytes = packageIn(kind, 'x86_64', 'ikev2-ts');
  let router: Router;
  let installer: Installer;
  let before: string[];

  beforeEach(() => {
    router = new Router('x86_64');
    installer = new Installer(router, kind);
    before = router.list();
  });
  afterEach(() => router.close());

  const firewall = (): string => readFileSync(router.path('/etc/config/firewall'), 'utf8');
  const procd = (): string => readFileSync(router.path('/tmp/procd'), 'utf8');
  const config = (text: string): void => router.write('/etc/config/ikev2', text, 0o600);

  test('it comes enabled for the next start, with a configuration that only root reads', () => {
    installer.install(bytes);

    expect(router.has('/etc/rc.d/S95ikev2')).toBe(true);
    expect(modeOf(router.path('/etc/config/ikev2'))).toBe(0o600);
    expect(modeOf(router.path('/etc/ikev2'))).toBe(0o700);
    expect(router.has('/etc/uci-defaults/90-ikev2-ts')).toBe(false); // done
  });

  test('the service waits until the owner has switched it on', () => {
    installer.install(bytes);
    expect(procd()).not.toContain('instance');

    config("config service 'main'\n\toption enabled '1'\n\toption natt_port '4501'\n");
    router.run('/etc/init.d/ikev2 start');

    const told = procd();
    expect(told).toContain('/usr/sbin/ikev2d --config /etc/config/ikev2 --run-dir /var/run/ikev2');
    expect(told).toContain('param reload_signal HUP');
    expect(told).toContain('param term_timeout 10');
    expect(told).toContain('param no_new_privs 1');
    expect(told).toContain('param capabilities /etc/capabilities/ikev2.json');
    expect(told).toContain('jail ikev2'); // procd heeds the two above in a jail alone
    expect(told).toContain('string dest_port 500 4501');
    expect(told).toContain('string proto esp');
    expect(told).toContain('trigger ikev2');
  });

  test('the tunnels have a zone, which no later version makes again', () => {
    installer.install(bytes);
    expect(firewall()).toContain("firewall.ikev2_zone.device='ipsec0'");
    expect(firewall()).toContain("firewall.ikev2_zone.name='vpn'");
    router.run('uci delete firewall.ikev2_zone');

    installer.install(bytes);

    expect(firewall()).not.toContain('ikev2_zone');
    expect(firewall()).toContain('ikev2_to_lan');
  });

  test('a zone of that name that is the owner’s stays as it is', () => {
    router.write('/etc/config/firewall', "firewall.z=zone\nfirewall.z.name='vpn'\n");
    router.write('/sbin/logger', '#!/bin/sh\necho "$*" >/tmp/log\n', 0o755);

    installer.install(bytes);

    expect(firewall()).toBe("firewall.z=zone\nfirewall.z.name='vpn'\n");
  });

  test('a new version keeps what the owner wrote, his keys, and the service as it was', () => {
    installer.install(bytes);
    const mine = "config service 'main'\n\toption enabled '1'\n";
    config(mine);
    router.write('/etc/ikev2/gateway.pem', 'key', 0o600);
    router.run('/etc/init.d/ikev2 disable');

    installer.install(bytes);

    expect(readFileSync(router.path('/etc/config/ikev2'), 'utf8')).toBe(mine);
    const beside = kind === 'opkg' ? '/etc/config/ikev2-opkg' : '/etc/config/ikev2.apk-new';
    expect(readFileSync(router.path(beside))).toEqual(
      readFileSync(inCheckout('openwrt/ikev2-ts/files/ikev2.config')),
    );
    expect(router.has('/etc/ikev2/gateway.pem')).toBe(true);
    expect(router.has('/etc/rc.d/S95ikev2')).toBe(false);
    expect(procd()).toContain('instance');
  });

  test('it goes and leaves nothing', () => {
    installer.install(bytes);
    router.write('/var/run/ikev2/leases.json', '{}');

    installer.remove();

    const folders = ['lib/upgrade', 'lib/upgrade/keep.d'];
    expect(
      router.list().filter((path) => !before.includes(path) && !folders.includes(path)),
    ).toEqual([]);
    expect(before.filter((path) => !router.has(path))).toEqual([]);
    expect(firewall()).toBe("firewall.lan=zone\nfirewall.lan.name='lan'\n");
    expect(readFileSync(router.path('/tmp/firewall'), 'utf8')).toBe('firewall reload\n');
  });

  test('it goes and leaves what is the owner’s: keys, and a configuration that he changed', () => {
    installer.install(bytes);
    config("config service 'main'\n");
    router.write('/etc/ikev2/gateway.pem', 'key', 0o600);

    installer.remove();

    expect(router.has('/etc/config/ikev2')).toBe(true);
    expect(router.has('/etc/ikev2/gateway.pem')).toBe(true);
    expect(router.has('/usr/lib/ikev2-ts')).toBe(false);
  });

  test('sysupgrade keeps the keys', () => {
    installer.install(bytes);
    expect(readFileSync(router.path('/lib/upgrade/keep.d/ikev2-ts'), 'utf8')).toBe('/etc/ikev2/\n');
  });

  test('with the page, rpcd learns of its rights and LuCI of its menu', () => {
    router.write('/etc/init.d/rpcd', '#!/bin/sh\necho "rpcd $*" >>/tmp/rpcd\n', 0o755);
    router.write('/tmp/luci-indexcache.1.json', '{}');

    installer.install(packageIn(kind, 'x86_64', 'luci-app-ikev2'));

    expect(readFileSync(router.path('/tmp/rpcd'), 'utf8')).toContain('rpcd reload\n');
    expect(router.has('/tmp/luci-indexcache.1.json')).toBe(false);
    expect(router.has('/etc/uci-defaults/90-luci-app-ikev2')).toBe(false); // done
    expect(router.has('/usr/share/rpcd/acl.d/luci-app-ikev2.json')).toBe(true);
  });
});
