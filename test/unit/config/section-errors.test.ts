// What sections can have wrong between them, and what a file can lack.
import { describe, expect, test } from 'vitest';
import { loadConfiguration } from '../../../src/config/load.ts';
import { type Case, expectProblem, fileWith, sections } from './problem-cases.ts';

const relations: Readonly<Record<string, Case>> = {
  'a trap for packets from an address that is not known': {
    into: 'cabin',
    lines: "option start 'trap'\nlist virtual_ip '0.0.0.0'",
    option: 'virtual_ip',
    why: /an address that the peer has yet to give/,
    cure: /Set option start 'start'/,
    at: 1,
  },
  'a trap that does not say for what': {
    into: 'cabin',
    lines: "option start 'trap'\nlist local_ts '192.168.7.0/24'",
    option: 'remote_ts',
    why: /must know which packets want the tunnel/,
    cure: /list remote_ts '192\.168\.1\.0\/24'/,
  },
  'a trap for packets from wherever': {
    into: 'cabin',
    lines: "option start 'trap'\nlist local_ts dynamic\nlist remote_ts '192.168.1.0/24'",
    option: 'local_ts',
    why: /must know which packets want the tunnel/,
    cure: /list local_ts/,
    at: 1,
  },
  'a trap that would catch the question for the name of its peer': {
    into: 'cabin',
    lines: "option start 'trap'\nlist local_ts '192.168.7.0/24'\nlist remote_ts '0.0.0.0/0'",
    option: 'remote_ts',
    why: /that packet would wait for the tunnel too/,
    cure: /the address of the peer in list remote/,
    at: 2,
  },
  'a PPK that is not there': {
    into: 'cabin',
    lines: "option ppk_id 'anna'\n\nconfig ppk 'x'\noption id bert\noption file /x",
    option: 'ppk_id',
    why: /no section ppk with the id «anna»/,
    cure: /Write one of bert/,
  },
  'a PPK that nobody can have': {
    into: 'phones',
    lines: 'option ppk_required 1',
    option: 'ppk_required',
    why: /no PPK for its peers: nobody could connect/,
    cure: /Add a section ppk/,
  },
  'a PPK that is for others': {
    into: 'cabin',
    lines:
      "option ppk_required 1\noption remote_id x.example\n\nconfig ppk 'y'\noption id y\noption file /y\nlist peer z.example",
    option: 'ppk_required',
    why: /no PPK for its peers/,
    cure: /list peer/,
  },
  'two PPKs of one id': {
    into: 'psk',
    lines:
      "config ppk 'a'\noption id x\noption file /x\n\nconfig ppk 'b'\noption id x\noption file /y",
    option: 'id',
    why: /ppk 'a' has the same id/,
    cure: /an id of its own/,
    at: 5,
  },
  'a PPK without a secret': {
    into: 'psk',
    lines: "config ppk 'a'\noption id x",
    option: 'secret',
    why: /neither a secret nor a file/,
    cure: /Write one of the two/,
  },
  'a PPK with two secrets': {
    into: 'psk',
    lines: `config ppk 'a'\noption id x\noption secret '${'x'.repeat(32)}'\noption file /x`,
    option: 'file',
    why: /a secret and a file with one/,
    cure: /Write one of the two/,
    at: 3,
  },
  'a pool that is not there': {
    into: 'shared',
    lines: "option pool 'raoming'",
    option: 'pool',
    why: /no section pool «raoming»/,
    cure: /Write one of roaming, or add/,
  },
  'a certificate that is not there': {
    into: 'phones',
    lines: "option certificate 'gate'",
    option: 'certificate',
    why: /no section certificate «gate»/,
    cure: /Write one of gateway/,
  },
  'ranges of two pools that overlap': {
    into: 'pool',
    lines: "config pool 'guests'\nlist range '10.4.0.0/24'\nlist range '10.3.0.128/25'",
    option: 'range',
    why: /10.3.0.128\/25 overlaps 10.3.0.0\/24 of pool 'roaming'/,
    cure: /addresses of its own/,
    at: 2,
  },
  'a range given twice in one pool': {
    into: 'pool',
    lines: "list range '10.3.0.0/24'",
    option: 'range',
    why: /overlaps/,
    cure: /addresses of its own/,
  },
  'a range without room for router and client': {
    into: 'pool',
    lines: "list range '10.5.0.0/31'",
    option: 'range',
    why: /10.5.0.0\/31 is too small/,
    cure: /at most 30; usual is \/24/,
  },
  'an IPv6 range without room for router and client': {
    into: 'pool',
    lines: "list range 'fd00::/127'",
    option: 'range',
    why: /too small/,
    cure: /at most 126; usual is \/64/,
  },
  'a range as large as the Internet': {
    into: 'pool',
    lines: "list range '0.0.0.0/0'",
    option: 'range',
    why: /too large/,
    cure: /private range, such as 10.3.0.0\/24/,
  },
  'a router that is the broadcast address': {
    into: 'pool',
    lines: "list range '10.5.0.255/24'",
    option: 'range',
    why: /10.5.0.255 would be the router/,
    cure: /another address/,
  },
  'a responder that waits for a name': {
    into: 'shared',
    lines: "list remote 'peer.example.org'",
    option: 'remote',
    why: /host name/,
    cure: /role to initiator/,
  },
  'an initiator that dials a whole network': {
    into: 'cabin',
    lines: "list remote '192.0.2.0/24'",
    option: 'remote',
    why: /cannot dial many/,
    cure: /one host name or one address/,
  },
  'an initiator with nobody to dial': {
    into: 'cabin',
    lines: "config connection 'lost'\noption role initiator\noption local_auth psk",
    option: 'remote',
    why: /whom to dial/,
    cure: /list remote 'vpn.example.org'/,
  },
  'dynamic beside addresses': {
    into: 'shared',
    lines: "list remote_ts '10.0.0.0/8'\nlist remote_ts 'dynamic'",
    option: 'remote_ts',
    why: /cannot stand beside/,
    cure: /Keep either/,
    at: 1,
  },
  'only ways of authentication that come later': {
    into: 'phones',
    lines: "list remote_auth 'eap-radius'",
    option: 'remote_auth',
    why: /no way is left/,
    cure: /pubkey, psk or/,
  },
  'a responder that would log in by EAP': {
    into: 'phones',
    lines: "option local_auth 'eap-mschapv2'",
    option: 'local_auth',
    why: /a responder cannot log in by EAP/,
    cure: /pubkey/,
  },
  'a responder that proves itself in EAP, but not to all': {
    into: 'phones',
    lines:
      "option local_auth 'eap-tls'\nlist remote_auth 'eap-tls'\nlist remote_auth 'eap-mschapv2'",
    option: 'local_auth',
    why: /eap-mschapv2 is none/,
    cure: /pubkey/,
  },
  'a peer that is dialled, and shall log in by EAP': {
    into: 'cabin',
    lines: "option local_id a\nlist remote_auth 'eap-mschapv2'",
    option: 'remote_auth',
    why: /who is dialled cannot log in by EAP/,
    cure: /local_auth/,
    at: 1,
  },
  'a responder that would log in by EAP after its certificate': {
    into: 'phones',
    lines: "option local_auth 'pubkey+eap-mschapv2'\nlist remote_auth 'pubkey'",
    option: 'local_auth',
    why: /a responder cannot log in by EAP/,
    cure: /pubkey/,
  },
  'a peer that is dialled, and shall log in by EAP after its certificate': {
    into: 'cabin',
    lines: "option local_id a\nlist remote_auth 'pubkey+eap-mschapv2'",
    option: 'remote_auth',
    why: /who is dialled cannot log in by EAP/,
    cure: /local_auth/,
    at: 1,
  },
  'an initiator without a password': {
    into: 'psk',
    lines:
      "config connection 'work'\noption role initiator\noption local_auth 'eap-mschapv2'\nlist remote 'work.example.org'",
    option: 'local_auth',
    why: /no user name and password to log in with/,
    cure: /option connection 'work'/,
    at: 2,
  },
  'an initiator whose user is another': {
    into: 'psk',
    lines:
      "config user 'me'\noption name carol\noption password x\noption connection work\nconfig connection 'work'\noption role initiator\noption local_auth 'eap-mschapv2'\noption eap_id dave\nlist remote 'work.example.org'",
    option: 'eap_id',
    why: /no user name and password to log in with/,
    cure: /section user/,
    at: 7,
  },
  'a user without a password': {
    into: 'psk',
    lines: "config user 'anna'\noption name anna",
    option: 'password',
    why: /«anna» has no password/,
    cure: /option password/,
    at: 0,
  },
  'the same user twice, in other letters': {
    into: 'psk',
    lines:
      "config user 'anna'\noption name anna\noption password x\nconfig user 'anna2'\noption name Anna\noption password y",
    option: 'name',
    why: /the same name: user 'anna'/,
    cure: /upper and lower case/,
    at: 4,
  },
  'a public key that was pasted in part': {
    into: 'phones',
    lines: "list remote_key 'MCowBQYDK2VwAyEA'",
    option: 'remote_key',
    why: /not a public key in base64/,
    cure: /ikectl key show/,
  },
  'an address of two users': {
    into: 'psk',
    lines:
      "config user 'anna'\noption name anna\noption password x\nlist address 10.9.0.1\nconfig user 'b'\noption name b\noption password y\nlist address 10.9.0.1",
    option: 'address',
    why: /10.9.0.1 is the address of user 'anna' already/,
    cure: /of its own/,
    at: 7,
  },
  'a device of nobody': {
    into: 'psk',
    lines: "config device 'tv'\noption name tv\noption password x\noption owner anna",
    option: 'owner',
    why: /there is no user «anna»/,
    cure: /add one/,
    at: 3,
  },
  'EAP at a gateway that has no certificate of its own': {
    into: 'shared',
    lines:
      "list remote_auth 'eap-mschapv2'\nconfig user 'anna'\noption name anna\noption password x",
    option: 'local_auth',
    why: /could pose as the gateway/,
    cure: /local_auth to pubkey/,
    at: -1,
  },
  'a login by EAP at whom only a shared secret proves': {
    into: 'cabin',
    lines:
      "option local_auth eap-gtc\nlist remote_auth psk\nconfig user 'me'\noption name me\noption password x\noption connection cabin",
    option: 'remote_auth',
    why: /could pose as the other side/,
    cure: /remote_auth to pubkey/,
    at: 1,
  },
  'two devices with the same certificate': {
    into: 'psk',
    lines:
      "config device 'tv'\noption name tv\noption auth certificate\noption certificate 0a:0b\nconfig device 'pc'\noption name pc\noption auth certificate\noption certificate 0A0B",
    option: 'certificate',
    why: /for the same certificate: device 'tv'/,
    cure: /Remove one/,
    at: 7,
  },
  'a device by certificate that names none': {
    into: 'psk',
    lines: "config device 'tv'\noption name tv\noption auth certificate",
    option: 'certificate',
    why: /has no certificate/,
    cure: /serial number/,
  },
  'a user of a connection that is not there': {
    into: 'psk',
    lines: "config user 'anna'\noption name anna\noption password x\noption connection fones",
    option: 'connection',
    why: /no section connection «fones»/,
    cure: /Write one of phones/,
    at: 3,
  },
  'a second service section': {
    into: 'service',
    lines: "config service 'other'",
    option: '',
    why: /line 1 has a service section/,
    cure: /Join the two/,
  },
  'a connection without a name': {
    into: 'shared',
    lines: 'config connection\noption local_auth psk',
    option: '',
    why: /this connection has no name/,
    cure: /config connection 'example'/,
  },
  'a pool without a name': {
    into: 'pool',
    lines: 'config pool\nlist range 10.9.0.0/24',
    option: '',
    why: /this pool has no name/,
    cure: /config pool 'example'/,
  },
  'a peer that no shared secret is for': {
    into: 'shared',
    lines:
      "config connection 'x'\noption local_auth psk\noption remote_id boat\nconfig psk all\nlist id ship",
    option: 'psk',
    why: /none of the psk sections is for its peer/,
    cure: /Add list id 'boat'/,
  },
};

test.each(Object.entries(relations))('error: %s', (_, each) => expectProblem('error', each));

describe('what is there too little of', () => {
  const only = (text: string) => loadConfiguration(text).problems;

  test('no connection at all', () => {
    expect(only('')).toMatchObject(
      [
        {
          severity: 'warning',
          section: 'the file',
          why: /nobody can connect/,
          cure: /config connection/,
        },
      ].map(matching),
    );
  });

  test('no connection that is enabled', () => {
    const text = 'config connection c\noption local_auth psk\noption enabled 0';
    expect(only(text)).toMatchObject(
      [
        {
          severity: 'warning',
          section: "connection 'c'",
          option: 'enabled',
          line: 3,
          cure: /enabled '1'/,
        },
      ].map(matching),
    );
  });

  test('a service that is off needs no connection', () => {
    expect(only('config service main\noption enabled 0')).toEqual([]);
  });

  test('a service that is not called main', () => {
    const text = `config service\n${sections.shared}${sections.psk}`;
    expect(only(text)[0]).toMatchObject(
      matching({ severity: 'warning', section: '@service[0]', line: 1, cure: /service 'main'/ }),
    );
  });

  test('a connection with a shared secret, and no secret', () => {
    expect(only(`${sections.service}${sections.shared}`)).toMatchObject(
      [
        {
          severity: 'error',
          section: "connection 'shared'",
          option: 'psk',
          line: 3,
          cure: /option psk '…'/,
        },
      ].map(matching),
    );
  });

  test('a connection with certificates, and no certificate and no authority', () => {
    expect(only(`${sections.service}config connection c`)).toMatchObject(
      [
        {
          severity: 'error',
          option: 'local_auth',
          line: 3,
          cure: /section certificate with file and key/,
        },
        { severity: 'error', option: 'remote_auth', line: 3, cure: /section authority/ },
      ].map(matching),
    );
  });

  test('a gateway with a shared secret and without a name: an initiator cannot, a responder may', () => {
    const waiting = `${sections.shared}${sections.psk}`;
    const dialling = `${sections.cabin}${sections.psk}`;
    const expected = { option: 'local_id', line: 1, cure: /identity in the section service/ };
    expect(only(waiting)).toMatchObject([matching({ severity: 'warning', ...expected })]);
    expect(only(dialling)).toMatchObject([matching({ severity: 'error', ...expected })]);
  });

  /** Regular expressions stand for texts that match them. */
  function matching(expected: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const entries = Object.entries(expected).map(([key, value]) => {
      return [key, value instanceof RegExp ? expect.stringMatching(value) : value];
    });
    return Object.fromEntries(entries);
  }
});

test('problems stand in the order of the file', () => {
  const { text } = fileWith('phones', "option ppk_id anna\noption pool 'nowhere'");
  const lines = loadConfiguration(`config service main\noption log x\n\n${text}`).problems.map(
    (p) => p.line ?? 0,
  );
  expect(lines).toEqual(lines.toSorted((a, b) => a - b));
});

test('a wide range is compared with all that lie in it', () => {
  const ranges = ['10.8.0.0/16', '10.8.1.0/24', '10.8.9.0/24', '10.9.0.0/24'];
  const { text, line } = fileWith('pool', ranges.map((range) => `list range ${range}`).join('\n'));
  const { problems } = loadConfiguration(text);
  expect(problems.map((problem) => problem.line)).toEqual([line + 1, line + 2]);
});

test('names with a line break stay on one line', () => {
  for (const lines of ["option pool 'a\nb'", "option certificate 'a\nb'"]) {
    const { problems } = loadConfiguration(fileWith('phones', lines).text);
    const errors = problems.filter((problem) => problem.severity === 'error');
    expect(errors.map((problem) => problem.why)).toEqual([expect.stringContaining('«a\\x0ab»')]);
  }
});

test('one mistake in a section does not make errors of those that refer to it', () => {
  const { text } = fileWith('pool', "list range 'x'");
  expect(loadConfiguration(text).problems).toHaveLength(1);
});

test('a disabled connection may be unfinished', () => {
  const { text } = fileWith(
    'psk',
    "config connection 'draft'\noption enabled 0\noption pool 'nowhere'",
  );
  expect(loadConfiguration(text).problems).toEqual([]);
});
