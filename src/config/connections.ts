// The sections `connection`: what stands in one is brought together with what it refers to.
import { ip } from '../base/ip.ts';
import { anyIdentity, type Identity, userIdentity } from '../policy/identity.ts';
import { type Connection, isEap } from '../policy/policy.ts';
import { everything, type Selector, type SelectorPolicy } from '../policy/selectors.ts';
import { quote } from '../schema/kinds.ts';
import { suite } from '../transforms/suites.ts';
import type { Findings } from './findings.ts';
import type { OptionsOf } from './options.ts';
import { loadPeers, type Peers } from './peers.ts';
import { loadPpkUse } from './ppks.ts';
import { cureOfReference, loadProofs } from './proofs.ts';
import { named, type Section, type Sections } from './read.ts';
import { loadLogin } from './users.ts';

export interface LoadedConnection {
  readonly entry: Section<'connection'>;
  readonly connection: Connection;
  /** Host names to resolve and dial. */
  readonly remoteNames: readonly string[];
  /** When it is dialled without being asked for. */
  readonly start: Start;
}

/** `trap`: when a packet wants it. */
type Start = OptionsOf<'connection'>['start'];

/** The enabled ones, in the order of the file. */
export function loadConnections(
  sections: Sections,
  identity: Identity | undefined,
  findings: Findings,
): readonly LoadedConnection[] {
  const enabled = sections.connection.filter(({ options }) => options.enabled);
  return named(enabled, findings).map((entry) => {
    const { name, options } = entry;
    const peers = loadPeers(entry, findings);
    const start = loadStart(entry, findings);
    const login = loadLogin(entry, sections, findings);
    const localId = options.local_id ?? ownName(options, login) ?? identity;
    const names = { localId, remoteId: peers.remoteId };
    const connection: Connection = {
      name,
      role: !login && isAnswering(start, peers) ? 'both' : options.role,
      remote: peers.ranges,
      ...names,
      ...loadProofs(entry, names, sections, findings),
      remoteKeys: [], // judged where files are read
      ...loadPpkUse(entry, peers.remoteId, sections, findings),
      eapId: options.eap_id?.pattern ?? anyIdentity,
      login,
      peapUnbound: options.peap_unbound,
      ...algorithms(entry),
      pool: loadPool(entry, sections, findings),
      virtualIps: loadVirtualIps(entry, findings),
      localTs: selectors(entry, 'local_ts', findings),
      remoteTs: selectors(entry, 'remote_ts', findings),
      encap: options.encap,
      fragmentSize: options.fragment_size,
      dpd: options.dpd,
      inactivity: loadInactivity(entry, findings),
      mobike: options.mobike,
      ikeLifetime: options.ike_lifetime,
      childLifetime: options.child_lifetime,
      childPackets: options.child_packets,
      childBytes: options.child_bytes,
      reauthLifetime: options.reauth_lifetime,
      unique: options.unique,
      persistent: start === 'start',
      redirect: options.redirect,
      childless: options.childless,
      jitter: options.jitter,
    };
    return { entry, connection, remoteNames: peers.names, start };
  });
}

/** Who logs in by EAP alone is the user; a certificate that comes before has a name of its own. */
const ownName = (
  { local_auth: auth }: OptionsOf<'connection'>,
  login: Connection['login'],
): Identity | undefined => (login && isEap(auth) ? userIdentity(login.name) : undefined);

function algorithms({ options }: Section<'connection'>): Pick<Connection, 'ike' | 'esp'> {
  const prepared = suite(options.suite);
  return {
    ike: options.ike.length > 0 ? options.ike : prepared.ike,
    esp: options.esp.length > 0 ? options.esp : prepared.esp,
  };
}

function loadPool(
  { section, options }: Section<'connection'>,
  { pool: pools }: Sections,
  findings: Findings,
): string | undefined {
  const option = 'pool';
  const { pool, role } = options;
  if (pool === undefined) return undefined;
  if (role === 'initiator') {
    findings.warning(
      { section, option },
      'it has no effect: an initiator gives no addresses',
      'Remove it; to ask the peer for an address write list virtual_ip.',
    );
    return undefined;
  }
  const names = pools.map((each) => each.section.name);
  if (!names.includes(pool)) {
    const cure = cureOfReference('pool', names);
    findings.error({ section, option }, `there is no section pool ${quote(pool)}`, cure);
  }
  return pool;
}

function loadVirtualIps(
  { section, options }: Section<'connection'>,
  findings: Findings,
): Connection['virtualIps'] {
  if (options.role === 'initiator' || options.virtual_ip.length === 0) return options.virtual_ip;
  findings.warning(
    { section, option: 'virtual_ip' },
    'it has no effect: a responder asks for no address',
    'Remove it; to give peers addresses write option pool.',
  );
  return [];
}

/** Of two sites either may have the first packet; whoever may come must be told apart from other peers. */
function isAnswering(start: Start, { remoteId, names }: Peers): boolean {
  return start === 'trap' && (remoteId.kind !== 'any' || names.length === 0);
}

function loadStart(entry: Section<'connection'>, findings: Findings): Start {
  const { section, options } = entry;
  const { start, role } = options;
  if (start === 'trap' && role === 'initiator') checkTrap(entry, findings);
  if (start === 'none' || role === 'initiator') return start;
  findings.warning(
    { section, option: 'start' },
    'it has no effect: a responder dials nobody',
    'Remove it, or set option role to initiator.',
  );
  return 'none';
}

/** A tunnel is closed for want of traffic, or kept up without any. */
function loadInactivity(
  { section, options }: Section<'connection'>,
  findings: Findings,
): Connection['inactivity'] {
  const { inactivity, start, role } = options;
  if (inactivity === undefined || start !== 'start' || role !== 'initiator') return inactivity;
  findings.warning(
    { section, option: 'inactivity' },
    "it has no effect: with start 'start' the tunnel is kept up",
    "Remove it, or set option start 'trap'.",
  );
  return undefined;
}

/** The packets that a trap is for must be known before there is a tunnel, and those of IKE and DNS not among them. */
function checkTrap({ section, options }: Section<'connection'>, findings: Findings): void {
  if (options.virtual_ip.length > 0) {
    findings.error(
      { section, option: 'virtual_ip' },
      'a trap cannot wait for packets from an address that the peer has yet to give',
      "Set option start 'start', or remove it and name the networks of both sides.",
    );
    return;
  }
  for (const option of ['local_ts', 'remote_ts'] as const) {
    const asked = options[option];
    if (asked.length > 0 && !asked.includes('dynamic')) continue;
    findings.error(
      { section, option },
      'a trap must know which packets want the tunnel',
      `Name the networks: list ${option} '192.168.1.0/24', or set option start 'start'.`,
    );
  }
  const isNamed = options.remote.some(({ kind }) => kind === 'name');
  const everywhere = options.remote_ts.findIndex((each) => each !== 'dynamic' && isAll(each));
  if (!isNamed || everywhere < 0) return;
  findings.error(
    { section, option: 'remote_ts', index: everywhere },
    'the name of the peer could not be asked for: that packet would wait for the tunnel too',
    "Write the address of the peer in list remote, or set option start 'start'.",
  );
}

const isAll = ({ range }: Selector): boolean =>
  allAddresses.some((all) => all.range.start === range.start && all.range.end === range.end);

/**
 * One who gets his address from a pool comes for what lies behind the gateway, so that side defaults to everything;
 * the other side, and both where no address is assigned, to `dynamic`.
 */
function selectors(
  { section, options }: Section<'connection'>,
  option: 'local_ts' | 'remote_ts',
  findings: Findings,
): SelectorPolicy {
  const asked = options[option];
  const isBehindGateway =
    option === 'local_ts'
      ? options.role === 'responder' && options.pool !== undefined
      : options.role === 'initiator' && options.virtual_ip.length > 0;
  if (asked.length === 0) return isBehindGateway ? allAddresses : 'dynamic';
  const given = asked.filter((each): each is Selector => each !== 'dynamic');
  if (given.length === asked.length) return given;
  if (given.length > 0) {
    findings.error(
      { section, option, index: asked.indexOf('dynamic') },
      'dynamic cannot stand beside addresses',
      'Keep either dynamic or the addresses.',
    );
  }
  return 'dynamic';
}

const allAddresses: readonly Selector[] = [
  everything({ start: ip('0.0.0.0'), end: ip('255.255.255.255') }),
  everything({ start: ip('::'), end: ip('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff') }),
];
