// A configuration as plain JSON in the notation that people read, to compare with what is written down.
import { formatPrefix, formatRange } from '../../../src/base/ip.ts';
import type { Configuration } from '../../../src/config/configuration.ts';
import { formatPpkId } from '../../../src/ike/extensions/ppk.ts';
import { formatIdentity, type IdentityPattern } from '../../../src/policy/identity.ts';
import type { Connection, Ppk, PresharedKey } from '../../../src/policy/policy.ts';
import { formatSelector, type SelectorPolicy } from '../../../src/policy/selectors.ts';
import { formatProposal, type Proposal } from '../../../src/transforms/parse.ts';
import { suite, suiteNames } from '../../../src/transforms/suites.ts';

export function render(configuration: Configuration): unknown {
  const { service, pools, certificates, authorities, ppkFiles, remotes, started, trapped, policy } =
    configuration;
  return plain({
    service: {
      ...service,
      identity: service.identity && formatIdentity(service.identity),
      home: { ...service.home, networks: service.home.networks.map(formatPrefix) },
    },
    pools: pools.map((pool) => ({ ...pool, ranges: pool.ranges.map(formatPrefix) })),
    certificates,
    authorities,
    ppkFiles: ppkFiles.map(renderPpk),
    remotes: Object.fromEntries(remotes),
    started,
    trapped,
    policy: {
      ...policy,
      connections: policy.connections.map(renderConnection),
      presharedKeys: policy.presharedKeys.map(renderKey),
      ppks: policy.ppks.map(renderPpk),
    },
  });
}

function renderConnection(connection: Connection): unknown {
  return {
    ...connection,
    remote: connection.remote.map(formatRange),
    localId: connection.localId && formatIdentity(connection.localId),
    remoteId: renderPattern(connection.remoteId),
    eapId: renderPattern(connection.eapId),
    ppkId: connection.ppkId && formatPpkId(connection.ppkId),
    ike: renderProposals('ike', connection.ike),
    esp: renderProposals('esp', connection.esp),
    localTs: renderSelectors(connection.localTs),
    remoteTs: renderSelectors(connection.remoteTs),
  };
}

/** The lists of a suite by its name: what is in them is tested where they stand. */
function renderProposals(protocol: 'ike' | 'esp', proposals: readonly Proposal[]): unknown {
  const name = suiteNames.find((each) => suite(each)[protocol] === proposals);
  return name ? `suite ${name}` : proposals.map(formatProposal);
}

const renderKey = ({ ids, secret }: PresharedKey): unknown => ({
  ids: ids.map(renderPattern),
  secret: String(secret),
});

const renderPpk = ({ id, peers, ...rest }: Omit<Ppk, 'secret'>): unknown => ({
  ...rest,
  id: formatPpkId(id),
  peers: peers.map(renderPattern),
});

function renderPattern(pattern: IdentityPattern): string {
  switch (pattern.kind) {
    case 'any':
      return 'any';
    case 'exact':
      return formatIdentity(pattern.identity);
    case 'suffix':
      return `*${pattern.suffix}`;
    case 'dn':
      return pattern.dn;
  }
}

const renderSelectors = (selectors: SelectorPolicy): unknown =>
  selectors === 'dynamic' ? selectors : selectors.map(formatSelector);

/** JSON has no undefined: what is not set is null, so that its absence is compared too. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, each) => (each === undefined ? null : each)));
}
