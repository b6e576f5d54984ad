// The other side of a connection: where it may come from or where to dial it, and what it must call itself.
import type { Ip, IpRange } from '../base/ip.ts';
import { anyIdentity, type IdentityPattern, parseIdentityPattern } from '../policy/identity.ts';
import type { Findings } from './findings.ts';
import { askedRemoteAuth } from './proofs.ts';
import type { Section } from './read.ts';
import type { Remote } from './values.ts';

export interface Peers {
  /** None: anybody, or only `names`. */
  readonly ranges: readonly IpRange[];
  /** Host names to dial. */
  readonly names: readonly string[];
  readonly remoteId: IdentityPattern;
}

export function loadPeers(entry: Section<'connection'>, findings: Findings): Peers {
  const { role, remote } = entry.options;
  if (role === 'initiator') checkDialled(entry, findings);
  else checkAwaited(entry, findings);
  const isAny = remote.some(({ kind }) => kind === 'any');
  const ranges = remote.flatMap((each) => (each.kind === 'range' ? [each.range] : []));
  return {
    ranges: isAny ? [] : ranges,
    names: remote.flatMap((each) => (each.kind === 'name' ? [each.name] : [])),
    remoteId: entry.options.remote_id ?? expectedId(entry, findings),
  };
}

function checkAwaited({ section, options }: Section<'connection'>, findings: Findings): void {
  const option = 'remote';
  for (const [index, { kind }] of options.remote.entries()) {
    if (kind !== 'name') continue;
    findings.error(
      { section, option, index },
      'a responder cannot tell a host name from the address of a packet',
      'Write an address or a prefix, leave the option out for any, or set option role to initiator.',
    );
  }
}

function checkDialled({ section, options }: Section<'connection'>, findings: Findings): void {
  const option = 'remote';
  if (options.remote.length === 0) {
    findings.error(
      { section, option },
      'an initiator needs to know whom to dial',
      "Add a line: list remote 'vpn.example.org'.",
    );
  }
  for (const [index, remote] of options.remote.entries()) {
    if (dialled(remote) !== undefined) continue;
    findings.error(
      { section, option, index },
      'an initiator cannot dial many addresses',
      'Write one host name or one address.',
    );
  }
}

/**
 * Without a name to expect, every holder of a certificate from the same authority could pose as the peer. A
 * shared secret needs no such name: who knows it may be the peer.
 */
function expectedId(
  { section, options }: Section<'connection'>,
  findings: Findings,
): IdentityPattern {
  const { role, remote } = options;
  const checksCertificate = askedRemoteAuth(options).some((auth) => auth !== 'psk');
  const isPinned = options.remote_key.length > 0;
  if (role === 'responder' || !checksCertificate || isPinned) return anyIdentity;
  const [only, ...more] = remote.map(dialled);
  if (more.length === 0) return (only && parseIdentityPattern(only)) || anyIdentity;
  findings.warning(
    { section, option: 'remote_id' },
    'with several remotes, any certificate of a known authority is taken for the peer',
    'Set option remote_id to the name in the certificate of the peer.',
  );
  return anyIdentity;
}

/** The name or the one address to dial. */
function dialled(remote: Remote): string | Ip | undefined {
  if (remote.kind === 'name') return remote.name;
  const isSingle = remote.kind === 'range' && remote.range.start === remote.range.end;
  return isSingle ? remote.range.start : undefined;
}
