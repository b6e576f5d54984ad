// What profiles say of this gateway, gathered from the configuration as it is: never typed a second time.
import { isIpv4 } from '../../base/ip.ts';
import type { Account, Configuration } from '../../config/configuration.ts';
import type { Authority, Gateway } from '../../onboard/device.ts';
import { type Certificate, readCertificate } from '../../pki/certificate.ts';
import type { Signer } from '../../pki/cms.ts';
import { certificatePem } from '../../pki/pem.ts';
import { commonNameIn } from '../../pki/rdn.ts';
import { formatIdentity } from '../../policy/identity.ts';
import type { Connection, OwnCertificate } from '../../policy/policy.ts';
import { Refused } from '../../rpc/method.ts';
import { accountNamed } from '../accounts.ts';
import type { Gathered } from '../gather.ts';
import { homeReach } from '../reach.ts';
import { planeOptions } from '../settings.ts';
import { dialledNames } from './facts.ts';
import { isIssuedBy } from './home-ca.ts';

/** Who is to be served. */
export interface Guest extends Pick<Account, 'owner' | 'connection'> {
  readonly isByPassword: boolean;
}

/** @throws Refused where a device of that kind cannot be served as things are */
export function gatewayRecord(gathered: Gathered, guest: Guest): Gateway {
  const { configuration } = gathered;
  const connection = connectionFor(guest, gathered);
  const own = certificateFor(connection, gathered);
  const pool = configuration.pools.find(({ name }) => name === connection.pool);
  const { service } = configuration;
  const ranges = pool?.ranges ?? [];
  return {
    name: nameOf(configuration, own),
    authority: authorityOf(own, gathered),
    ike: connection.ike,
    esp: connection.esp,
    hasIpv4: ranges.some(({ ip }) => isIpv4(ip)),
    hasIpv6: ranges.some(({ ip }) => !isIpv4(ip)),
    dns: pool?.dns ?? [],
    domains: pool?.domains ?? [],
    networks: homeReach(service, connection, pool),
    mtu: planeOptions(service).mtu,
    wifi: service.home.wifi,
  };
}

/** Who vouches for profiles of that device: the certificate that proves the gateway to it. @throws Refused as gatewayRecord */
export function signerFor(guest: Guest, gathered: Gathered): Signer {
  const { chain, keyId, keyType } = certificateFor(connectionFor(guest, gathered), gathered);
  return { chain, keyType, sign: (scheme, octets) => gathered.store.sign(keyId, scheme, octets) };
}

/** The first connection that lets in such a device, those with a pool before the others. */
function connectionFor(guest: Guest, { configuration, policy }: Gathered): Connection {
  const owner =
    guest.owner === undefined ? undefined : accountNamed(configuration.accounts, guest.owner);
  const wanted = guest.connection ?? owner?.connection;
  const { isByPassword } = guest;
  const auth = isByPassword ? 'eap-mschapv2' : 'pubkey';
  const serves = policy.connections.filter(
    ({ name, role, remoteAuth, localAuth }) =>
      role !== 'initiator' &&
      localAuth === 'pubkey' &&
      remoteAuth.includes(auth) &&
      (wanted === undefined || name === wanted),
  );
  const connection = serves.find(({ pool }) => pool !== undefined) ?? serves[0];
  if (connection) return connection;
  throw new Refused(
    `no connection ${wanted === undefined ? '' : `'${wanted}' `}lets in a device with a ${isByPassword ? 'password' : 'certificate'}: add one with local_auth 'pubkey' and remote_auth '${auth}'`,
  );
}

function certificateFor({ certificate, localId }: Connection, { store }: Gathered): OwnCertificate {
  const withChain = store.own.filter(({ chain }) => chain.length > 0);
  const named = withChain.find(({ name }) => name === certificate);
  const byId = withChain.find(({ identities }) =>
    identities.some((each) => localId && formatIdentity(each) === formatIdentity(localId)),
  );
  const own = named ?? byId ?? withChain[0];
  if (own) return own;
  throw new Refused('the gateway has no certificate: make one with «ikectl cert init»');
}

/** What is dialled has to stand in the certificate, or every device refuses it. */
function nameOf({ service }: Configuration, own: OwnCertificate): string {
  const certificate = leafOf(own);
  const names = certificate ? dialledNames(certificate) : [];
  const dialled = service.identity ? formatIdentity(service.identity) : names[0];
  if (dialled === undefined) {
    throw new Refused('nobody said what devices dial: set option identity of the service');
  }
  if (names.some((name) => name.toLowerCase() === dialled.toLowerCase())) return dialled;
  throw new Refused(
    `devices dial ${dialled}, but the certificate '${own.name}' is for ${names.join(', ') || 'no name'}: «ikectl cert renew --name ${dialled}»`,
  );
}

/** The authority of ours above the certificate; a public one is known to devices. */
function authorityOf({ chain }: OwnCertificate, { store }: Gathered): Authority | undefined {
  const top = certificateIn(chain.at(-1));
  const anchor = store.anchors.find(
    ({ kind, certificate }) => kind === 'authority' && top && isIssuedBy(top, certificate),
  );
  if (!anchor) return undefined;
  const { certificate } = anchor;
  return {
    commonName: commonNameIn(certificate.subject) ?? '',
    der: certificate.der,
    pem: certificatePem(certificate.der),
  };
}

const leafOf = ({ chain }: OwnCertificate): Certificate | undefined => certificateIn(chain[0]);

function certificateIn(der: Uint8Array | undefined): Certificate | undefined {
  const reading = der && readCertificate(der);
  return reading?.ok ? reading.certificate : undefined;
}
