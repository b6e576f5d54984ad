// A section remote with its tunnels becomes a connection, with the certificates and pools that it names.
import type { Duration } from '../../base/time.ts';
import type { OptionEdits } from '../edit.ts';
import { parseRange } from '../values.ts';
import type { Findings } from './findings.ts';
import { proposalsOf } from './proposals.ts';
import type { Source } from './source.ts';

export function importRemote(remote: Source, all: readonly Source[], findings: Findings): void {
  const why = whyNot(remote);
  if (why !== undefined) {
    findings.remark(remote, undefined, `not taken over: ${why}`);
    return;
  }
  const tunnels = tunnelsOf(remote, all, findings);
  const way = wayOf(remote, tunnels, findings);
  const options: OptionEdits = {
    enabled: remote.flag('enabled', false) ? undefined : '0',
    ...way,
    local_id: remote.text('local_identifier'),
    remote_id: remote.text('remote_identifier'),
    ...proofsOf(remote, findings),
    ike: proposalsOf(remote, 'ike', all, findings),
    esp: [...new Set(tunnels.flatMap((one) => proposalsOf(one, 'esp', all, findings)))],
    ...selectorsOf(remote, tunnels, findings),
    pool: way['role'] === 'initiator' ? undefined : poolOf(remote, tunnels, all, findings),
    encap: remote.flag('encap', false) ? 'always' : undefined,
    mobike: remote.flag('mobike', true) ? undefined : '0',
    dpd: silenceOf(remote, tunnels),
    ike_lifetime: inSeconds(remote.time('rekeytime', 'rekey_time', 'ikelifetime')),
    child_lifetime: lifetimeOf(tunnels),
  };
  listenTo(remote, findings);
  if (remote.text('fragmentation') === 'no' || !remote.flag('fragmentation', true)) {
    findings.remark(remote, 'fragmentation', 'peers that know how get long messages in pieces');
  }
  findings.add(remote, 'connection', remote.name, options);
}

function whyNot(remote: Source): string | undefined {
  const version = remote.text('keyexchange') ?? 'ikev2';
  if (version === 'ikev1') return 'it speaks IKEv1, which this gateway does not';
  const auth = remote.text('authentication_method') ?? 'psk';
  return Object.hasOwn(localAuthFor, auth) ? undefined : `it proves itself by «${auth}»`;
}

/** Whom the gateway proves itself by, for each way in which the peer does. */
const localAuthFor: Readonly<Record<string, string>> = {
  psk: 'psk',
  pubkey: 'pubkey',
  'eap-mschapv2': 'pubkey',
  'eap-tls': 'pubkey',
};

/** Those that can be had: one of transport mode, or one that is missing, is left out. */
function tunnelsOf(remote: Source, all: readonly Source[], findings: Findings): readonly Source[] {
  for (const name of remote.list('transport')) {
    findings.remark(remote, 'transport', `not taken over: ${name} is in transport mode`);
  }
  const found = remote.list('tunnel', 'child').flatMap((name) => {
    const tunnel = all.find((one) => /^(?:tunnel|child)$/.test(one.type) && one.name === name);
    if (!tunnel) findings.remark(remote, 'tunnel', `there is no section tunnel '${name}'`);
    else if (isTransport(tunnel)) findings.remark(tunnel, 'mode', 'not taken over: transport mode');
    else return [tunnel];
    return [];
  });
  const [first, ...more] = found;
  if (!first) {
    findings.remark(remote, undefined, 'it has no tunnel: what may pass follows from the defaults');
    return [];
  }
  return [first, ...more.filter((one) => isJoined(first, one, findings))];
}

const isTransport = (tunnel: Source): boolean =>
  tunnel.text('mode') === 'transport' || tunnel.type === 'transport';

/** Tunnels that share one end can be one; of others each would let pass what only the other may. */
function isJoined(first: Source, one: Source, findings: Findings): boolean {
  const isShared = ends.some((end) => `${end(first)}` === `${end(one)}`);
  if (!isShared) {
    const why = `not taken over: a connection has one tunnel, and ${first.label} goes elsewhere; write another connection for it`;
    findings.remark(one, undefined, why);
  }
  return isShared;
}

const localEnd = (tunnel: Source): readonly string[] => {
  const translated = tunnel.list('local_nat');
  return translated.length > 0 ? translated : tunnel.list('local_subnet');
};
const remoteEnd = (tunnel: Source): readonly string[] => tunnel.list('remote_subnet');
const ends = [localEnd, remoteEnd] as const;

function selectorsOf(
  remote: Source,
  tunnels: readonly Source[],
  findings: Findings,
): Pick<OptionEdits, 'local_ts' | 'remote_ts'> {
  if (tunnels.length > 1) {
    findings.remark(remote, 'tunnel', 'its tunnels become one, with all their networks');
  }
  return {
    local_ts: [...new Set(tunnels.flatMap(localEnd))],
    remote_ts: [...new Set(tunnels.flatMap(remoteEnd))],
  };
}

/** strongSwan dials and answers on the same connection; here it is one of the two, or both with `trap`. */
function wayOf(remote: Source, tunnels: readonly Source[], findings: Findings): OptionEdits {
  const gateways = remote.list('gateway', 'remote_gateway', 'remote_addrs');
  const known = gateways.filter((one) => !/^%?any$/.test(one));
  const [first] = tunnels;
  const own = first && (first.text('startaction', 'start_action') ?? modeOf(first));
  const start = startOf(own ?? (known.length > 0 ? 'route' : 'none'));
  const asked = remote.list('local_sourceip', 'vips').concat(sourcesOf(tunnels));
  const virtual = asked.flatMap((one) =>
    one === '%config6' ? '::' : one.replace(/^%config4?$/, '0.0.0.0'),
  );
  const isDialled = known.length > 0 && (start !== 'none' || asked.length > 0);
  if (!isDialled) return { remote: known };
  if (start === 'start') {
    const why =
      'this router dials; if the other dials as well, let it wait (role responder) on one of the two';
    findings.remark(remote, undefined, why);
  }
  return { role: 'initiator', start, remote: known, virtual_ip: virtual };
}

/** In the oldest versions of the package `mode` says what newer ones call startaction. */
const modeOf = (tunnel: Source): string | undefined => {
  const mode = tunnel.text('mode');
  return mode === 'tunnel' ? undefined : mode;
};
const startOf = (action: string): 'none' | 'start' | 'trap' => {
  if (/^(?:route|trap)$/.test(action)) return 'trap';
  return action === 'start' ? 'start' : 'none';
};
const sourcesOf = (tunnels: readonly Source[]): readonly string[] =>
  tunnels.flatMap((tunnel) => tunnel.list('local_sourceip'));

function proofsOf(remote: Source, findings: Findings): OptionEdits {
  const auth = remote.text('authentication_method') ?? 'psk';
  const secret = remote.text('pre_shared_key');
  const common = { local_auth: localAuthFor[auth], remote_auth: [auth] };
  if (auth === 'psk') return { ...common, psk: secret };
  const authorities = [remote.text('ca_cert') ?? [], remote.list('remote_ca_certs')].flat();
  for (const file of authorities) {
    const name = `ca_${plain(file.replace(/\.\w+$/, ''))}`;
    findings.add(remote, 'authority', name, { file: `/etc/swanctl/x509ca/${file}` });
  }
  if (authorities.length > 0) {
    const why = 'an authority is believed on all connections; remote_id says who may use this one';
    findings.remark(remote, 'ca_cert', why);
  }
  const id = remote.text('eap_id');
  const certificate = certificateOf(remote, findings);
  return { ...common, certificate, eap_id: id === '%any' ? undefined : id };
}

/** Files stay where they are. */
function certificateOf(remote: Source, findings: Findings): string | undefined {
  const [file, key] = [remote.text('local_cert'), remote.text('local_key')];
  if (file === undefined) return undefined;
  if (key === undefined) {
    findings.remark(
      remote,
      'local_cert',
      `not taken over: local_key is not set. Give both files to «ikectl cert import ${remote.name}_cert»`,
    );
    return undefined;
  }
  findings.remark(remote, 'local_cert', 'its files stay in /etc/swanctl: keep that folder');
  return findings.add(remote, 'certificate', `${remote.name}_cert`, {
    file: `/etc/swanctl/x509/${file}`,
    key: `/etc/swanctl/private/${key}`,
  });
}

/** One pool here may have an IPv4 and an IPv6 range, which are two pools there. */
function poolOf(
  remote: Source,
  tunnels: readonly Source[],
  all: readonly Source[],
  findings: Findings,
): string | undefined {
  const named = remote.list('pools', 'pool');
  const pools = all.filter(({ type, name }) => /^pools?$/.test(type) && named.includes(name));
  const own = tunnels.flatMap((tunnel) => tunnel.list('remote_sourceip'));
  const ranges = [...pools.flatMap((pool) => rangesOf(pool, findings)), ...own];
  for (const name of named.filter((one) => pools.every((pool) => pool.name !== one))) {
    findings.remark(remote, 'pools', `there is no section pools '${name}'`);
  }
  if (ranges.length === 0) return undefined;
  const [first, second] = pools;
  const name = first && !second && own.length === 0 ? first.name : `${remote.name}_pool`;
  const dns = [...new Set(pools.flatMap((pool) => pool.list('dns')))];
  return findings.add(remote, 'pool', name, { range: ranges, dns });
}

function rangesOf(pool: Source, findings: Findings): readonly string[] {
  return pool.list('addrs').filter((range) => {
    const isSpan = range.includes('-') && parseRange(range) !== undefined;
    if (isSpan) findings.remark(pool, 'addrs', 'a pool here is a prefix: write one as list range');
    return !isSpan;
  });
}

/** `none` there means that nobody asks; without a word, our own time holds. */
function silenceOf(remote: Source, tunnels: readonly Source[]): string | undefined {
  const [action] = tunnels.flatMap((tunnel) => tunnel.text('dpdaction', 'dpd_action') ?? []);
  const delay = inSeconds(remote.time('dpddelay', 'dpd_delay')) ?? ofTunnels(tunnels, 'dpddelay');
  return action === 'none' ? '0' : delay;
}

/** A lifetime there is the end of a key, a tenth after it should have been renewed. */
function lifetimeOf(tunnels: readonly Source[]): string | undefined {
  const renewed = ofTunnels(tunnels, 'rekeytime', 'rekey_time');
  const ended = Number(ofTunnels(tunnels, 'lifetime', 'life_time') ?? Number.NaN);
  return renewed ?? (ended > 0 ? `${Math.floor(ended / 1.1)}` : undefined);
}

const ofTunnels = (tunnels: readonly Source[], ...names: readonly string[]): string | undefined =>
  tunnels.flatMap((tunnel) => inSeconds(tunnel.time(...names)) ?? [])[0];
const inSeconds = (time: Duration | undefined): string | undefined =>
  time === undefined ? undefined : `${time / 1000}`;

function listenTo(remote: Source, findings: Findings): void {
  const own = remote.list('local_ip', 'local_addrs').filter((ip) => !/^%?any/.test(ip));
  if (own.length === 0) return;
  const why = 'all connections listen on the same addresses: option listen of the service';
  findings.remark(remote, 'local_ip', why);
}

/** For a name that UCI takes. */
const plain = (text: string): string => text.replaceAll(/\W/g, '_').slice(0, 40);
