// What OpenWrt's package of strongSwan kept in /etc/config/ipsec over the years, and what becomes of it here.
import { describe, expect, test } from 'vitest';
import { type Imported, importStrongswan } from '../../../../src/config/strongswan/import.ts';

function imported(text: string): Imported {
  const found = importStrongswan(text);
  if (typeof found === 'string') throw new Error(found);
  return found;
}
const options = (text: string, type: string, name: string): object | undefined =>
  imported(text).sections.find((one) => one.type === type && one.name === name)?.options;
const remarks = (text: string): readonly string[] =>
  imported(text).remarks.map(({ section, option, why }) => `${section} ${option ?? ''}: ${why}`);

const site = `
config ipsec
	option debug '1'
	list interface 'wan'

config crypto_proposal 'ike_aes'
	option encryption_algorithm 'aes256'
	option hash_algorithm 'sha256'
	option dh_group 'modp2048'

config crypto_proposal 'esp_gcm'
	option encryption_algorithm 'aes256gcm16'
	option hash_algorithm 'sha256'
	option dh_group 'ecp256'

config tunnel 'lan'
	list local_subnet '192.168.1.0/24'
	list remote_subnet '192.168.2.0/24'
	list remote_subnet '192.168.3.0/24'
	list crypto_proposal 'esp_gcm'
	option startaction 'start'
	option dpdaction 'restart'
	option rekeytime '45m'
	option updown '/etc/updown.sh'

config remote 'office'
	option enabled '1'
	option gateway 'vpn.office.example'
	option authentication_method 'psk'
	option pre_shared_key 'correct horse battery'
	option local_identifier 'home.example'
	option remote_identifier 'vpn.office.example'
	option rekeytime '4h'
	option dpddelay '30s'
	list crypto_proposal 'ike_aes'
	list tunnel 'lan'
`;

describe('of 22.03 to 24.10', () => {
  test('a network behind another gateway becomes a connection that dials', () => {
    expect(imported(site).sections).toEqual([
      {
        type: 'connection',
        name: 'office',
        options: {
          role: 'initiator',
          start: 'start',
          remote: ['vpn.office.example'],
          virtual_ip: [],
          local_id: 'home.example',
          remote_id: 'vpn.office.example',
          local_auth: 'psk',
          remote_auth: ['psk'],
          psk: 'correct horse battery',
          ike: ['aes256-sha256-modp2048'],
          esp: ['aes256gcm16-ecp256'],
          local_ts: ['192.168.1.0/24'],
          remote_ts: ['192.168.2.0/24', '192.168.3.0/24'],
          dpd: '30',
          ike_lifetime: '14400',
          child_lifetime: '2700',
        },
      },
    ]);
  });

  test('each thing that did not come along is said', () => {
    expect(remarks(site)).toEqual([
      expect.stringContaining('@ipsec[0] interface: the gateway listens on all addresses'),
      expect.stringContaining("remote 'office' : this router dials"),
      expect.stringContaining('@ipsec[0] debug: see option log'),
      expect.stringContaining("tunnel 'lan' updown: no script is run"),
    ]);
  });

  test('certificates stay in their files, and users get their passwords', () => {
    const phones = `
config remote 'phones'
	option enabled '1'
	option gateway 'any'
	option authentication_method 'eap-mschapv2'
	option local_identifier 'vpn.home.example'
	option local_cert 'gateway.pem'
	option local_key 'gateway.key'
	list remote_ca_certs 'root.pem'
	list pools 'v4'
	list pools 'v6'
	list tunnel 'all'

config tunnel 'all'
	list local_subnet '0.0.0.0/0'
	list local_subnet '::/0'
	option startaction 'none'

config pools 'v4'
	option addrs '10.3.0.0/24'
	list dns '10.3.0.1'
	list nbns '10.3.0.1'

config pools 'v6'
	option addrs 'fd00:3::/64'

config mschapv2_secrets 'anna'
	option id 'anna'
	option secret 'a long password'
`;
    expect(options(phones, 'connection', 'phones')).toMatchObject({
      local_auth: 'pubkey',
      remote_auth: ['eap-mschapv2'],
      certificate: 'phones_cert',
      pool: 'phones_pool',
      local_ts: ['0.0.0.0/0', '::/0'],
    });
    expect(options(phones, 'certificate', 'phones_cert')).toEqual({
      file: '/etc/swanctl/x509/gateway.pem',
      key: '/etc/swanctl/private/gateway.key',
    });
    expect(options(phones, 'authority', 'ca_root')).toEqual({
      file: '/etc/swanctl/x509ca/root.pem',
    });
    expect(options(phones, 'pool', 'phones_pool')).toEqual({
      range: ['10.3.0.0/24', 'fd00:3::/64'],
      dns: ['10.3.0.1'],
    });
    expect(options(phones, 'user', 'anna')).toEqual({ name: 'anna', password: 'a long password' });
    expect(remarks(phones)).toContainEqual(expect.stringContaining("pools 'v4' nbns"));
    expect(remarks(phones)).toContainEqual(expect.stringContaining('believed on all connections'));
  });
});

test('of 19.07: the way to start is called mode, several values stand in one option', () => {
  const old = `
config remote 'old'
	option enabled '1'
	option gateway '203.0.113.9'
	option pre_shared_key 'correct horse battery'
	option crypto_proposal 'a b'
	list tunnel 't'

config crypto_proposal 'a'
	option encryption_algorithm 'aes128'
	option hash_algorithm 'sha256'
	option dh_group 'modp3072'

config crypto_proposal 'b'
	option encryption_algorithm '3des'
	option hash_algorithm 'md5'
	option dh_group 'modp768'

config tunnel 't'
	option mode 'route'
	option local_subnet '192.168.1.0/24,192.168.4.0/24'
	option local_sourceip '%config'
	option remote_subnet '10.0.0.0/8'
	option ikelifetime '3h'
	option lifetime '1h'
`;
  expect(options(old, 'connection', 'old')).toMatchObject({
    start: 'trap',
    local_auth: 'psk',
    virtual_ip: ['0.0.0.0'],
    ike: ['aes128-sha256-modp3072'],
    local_ts: ['192.168.1.0/24', '192.168.4.0/24'],
    child_lifetime: '3272',
  });
  expect(remarks(old)).toContainEqual(expect.stringMatching(/^crypto_proposal 'b' : left out: /));
});

test('of the newest: child sections, other names, several tunnels of one peer', () => {
  const newest = `
config remote 'hub'
	option enabled '0'
	list remote_addrs 'hub.example'
	option authentication_method 'psk'
	option pre_shared_key 'correct horse battery'
	option dpd_delay '60s'
	list child 'a'
	list child 'b'
	list child 'c'
	list child 'd'

config child 'a'
	option mode 'tunnel'
	list local_subnet '192.168.1.0/24'
	list remote_subnet '10.1.0.0/16'
	option start_action 'trap'
	option rekey_time '1h'

config child 'b'
	option mode 'tunnel'
	list local_subnet '192.168.1.0/24'
	list remote_subnet '10.2.0.0/16'

config child 'c'
	option mode 'tunnel'
	list local_subnet '192.168.7.0/24'
	list remote_subnet '10.7.0.0/16'

config child 'd'
	option mode 'transport'
`;
  expect(options(newest, 'connection', 'hub')).toMatchObject({
    enabled: '0',
    start: 'trap',
    remote: ['hub.example'],
    remote_ts: ['10.1.0.0/16', '10.2.0.0/16'],
    dpd: '60',
    child_lifetime: '3600',
  });
  expect(remarks(newest)).toEqual(
    expect.arrayContaining([
      expect.stringContaining("child 'c' : not taken over: a connection has one tunnel"),
      expect.stringContaining("child 'd' mode: not taken over: transport mode"),
      expect.stringContaining("remote 'hub' tunnel: its tunnels become one"),
    ]),
  );
});

describe('what cannot come along is named', () => {
  test.each([
    ["option keyexchange 'ikev1'", /not taken over: it speaks IKEv1/],
    ["option authentication_method 'xauth'", /not taken over: it proves itself by «xauth»/],
    ["option fragmentation 'no'", /fragmentation: peers that know how/],
    ["option local_ip '192.0.2.1'", /local_ip: all connections listen on the same/],
    ["option pre_shared_key ''\n\toption no_such_thing '1'", /no_such_thing: .* not known here/],
    ["option local_identifier 'C=CH, CN=x'", /local_id was left out: .*not an identity/],
    ["option authentication_method 'pubkey'\n\toption local_cert 'x.pem'", /local_key is not set/],
    ["list tunnel 'gone'", /there is no section tunnel 'gone'/],
    ["list pools 'gone'", /there is no section pools 'gone'/],
    ["list crypto_proposal 'gone'", /there is no section crypto_proposal 'gone'/],
    ["list transport 'x'", /transport: not taken over/],
  ])('%s', (line, why) => {
    const said = remarks(`config remote 'r'\n\toption gateway 'any'\n\t${line}\n`);
    expect(said).toContainEqual(expect.stringMatching(why));
  });

  test('a secret is never part of it', () => {
    const text = "config remote 'r'\n\toption gateway 'any'\n\toption pre_shared_key '0xnohex'\n";
    expect(remarks(text).join()).toContain('psk was left out');
    expect(remarks(text).join()).not.toContain('nohex');
  });

  test('a file that is no UCI is refused with its line', () => {
    expect(importStrongswan("config remote 'r'\n\toption x 'open\n")).toMatch(/line 2/);
  });
});
