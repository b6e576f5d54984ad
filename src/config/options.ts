// Every section type and option of /etc/config/ikev2: the one place to add one. The reader, the defaults and
// docs/configuration.md follow from this table.
import * as z from 'zod/mini';
import { childlessModes, eapAuths, twoRounds, uniquenesses } from '../policy/policy.ts';
import { defaulted, list, optional, requiredList } from '../schema/describe.ts';
import {
  absolutePath,
  amountOrNever,
  flag,
  ipAddress,
  ipPrefix,
  line,
  oneOf,
  sectionName,
  time,
  timeOrNever,
  wholeNumber,
  wordOr,
} from '../schema/kinds.ts';
import { suiteNames } from '../transforms/suites.ts';
import { dscpCopies, logLevels } from './configuration.ts';
import { authority, certificate, ppk, psk } from './credential-options.ts';
import { sectionType } from './section-type.ts';
import { selector } from './selector-text.ts';
import { device, user } from './user-options.ts';
import { eapName } from './user-values.ts';
import {
  deviceName,
  domain,
  homeSocket,
  identity,
  identityPattern,
  ppkId,
  proposal,
  publicKey,
  remote,
  secret,
  share,
  zoneName,
} from './values.ts';

const service = sectionType({
  head: "config service 'main'",
  help: 'The gateway as a whole; there is one such section.',
  options: z.object({
    enabled: defaulted(flag, '1', 'Whether the gateway runs at all.'),
    identity: optional(
      identity,
      'The name or address that clients dial; the certificate of the gateway must carry it too.',
      'the identity of the certificate',
    ),
    listen: list(ipAddress, 'An address of the router to listen on.', 'all addresses'),
    port: defaulted(wholeNumber(1, 65535), '500', 'UDP port for IKE.'),
    natt_port: defaulted(
      wholeNumber(1, 65535),
      '4500',
      'UDP port for IKE and ESP through a NAT; clients know no other than 4500.',
    ),
    device: defaulted(deviceName, 'ipsec0', 'Network device that decrypted traffic goes through.'),
    mtu: defaulted(
      wordOr('auto', wholeNumber(1280, 9000, 'bytes')),
      'auto',
      'Largest packet inside the tunnels; where the way of one is narrower, senders are told what fits. auto is 1400.',
    ),
    workers: defaulted(
      wordOr('auto', wholeNumber(1, 64)),
      'auto',
      'Threads that encrypt and decrypt; auto starts one on each processor core.',
    ),
    copy_dscp: defaulted(
      oneOf(dscpCopies),
      'none',
      'Whether the priority of packets (DSCP) is seen outside the tunnel, so that SQM heeds it (out), taken from outside (in), or both.',
    ),
    zone: defaulted(zoneName, 'vpn', 'Firewall zone of the network device.'),
    folder: defaulted(
      absolutePath,
      '/etc/ikev2',
      'Folder for what the gateway makes itself: certificates, and the list of those it revoked.',
    ),
    log: defaulted(oneOf(logLevels), 'info', 'Least important message that is logged.'),
    engine: defaulted(
      oneOf(['auto', 'node', 'noble']),
      'auto',
      'Cryptography for the handshake: OpenSSL (node), JavaScript (noble), or the best that works.',
    ),
    keylog: optional(
      absolutePath,
      'Folder for the keys of all connections, so that Wireshark can decrypt a capture; for searching faults only.',
      'keys are not written',
    ),
    retransmit_base: defaulted(
      time(0.05, 60),
      '2',
      'Time before a request is sent again; each further time waits 1.8 times as long.',
    ),
    retransmit_tries: defaulted(
      wholeNumber(1, 20),
      '5',
      'How often a request is sent again before the peer counts as gone.',
    ),
    half_open: defaulted(time(0.1, 600), '30', 'Time that a peer has to finish the handshake.'),
    websocket: defaulted(
      wordOr('none', homeSocket),
      'none',
      'Where the gateway itself serves the web page over a WebSocket, to browsers with a session of LuCI: an address of the router in the LAN with a port, such as 192.168.1.1:8500. Without it the page hears the same from the web server of the router.',
    ),
    links: defaulted(
      wordOr('auto', wordOr('none', homeSocket)),
      'auto',
      'Where one-time links to profiles are served while one waits: an address of the router in the LAN with a port; auto takes that of br-lan, and port 8501.',
    ),
    home_net: list(
      ipPrefix,
      'Network at home that devices with routing home reach through the tunnel, such as 192.168.1.0/24.',
      'local_ts of their connection, where that is not everything',
    ),
    home_wifi: list(line, 'Name of a Wi-Fi at home: there on-demand profiles stay off.', 'none'),
    keepalive: defaulted(
      timeOrNever(1, 3600),
      '20',
      'Time between two packets that keep a NAT in front of this router open.',
    ),
  }),
  later: [],
});

const pool = sectionType({
  head: "config pool 'NAME'",
  help: 'Addresses that clients get inside the tunnel.',
  options: z.object({
    range: requiredList(
      ipPrefix,
      'A prefix, IPv4 or IPv6, such as 10.3.0.0/24; its first address (or the one written, as in 10.3.0.254/24) is the router.',
    ),
    dns: list(ipAddress, 'A DNS server for the clients.', 'clients keep their own'),
    domain: list(
      domain,
      'A domain that clients ask these DNS servers about, and only such domains.',
      'clients ask them about everything',
    ),
    sticky: defaulted(flag, '1', 'Whether a client that returns gets the address it had.'),
  }),
  later: [],
});

/** Ways for a peer to prove who it is; one that this version lacks is ignored with a warning. */
const remoteAuth = {
  ...oneOf(['pubkey', 'psk', ...eapAuths, ...twoRounds, 'eap-radius']),
  takes: oneOf(['pubkey', 'psk', ...eapAuths, ...twoRounds]).takes,
};

const connection = sectionType({
  head: "config connection 'NAME'",
  help: 'Who may connect (or whom to dial), how both sides prove who they are, and which traffic passes.',
  options: z.object({
    enabled: defaulted(flag, '1', 'Whether this section counts.'),
    role: defaulted(
      oneOf(['responder', 'initiator']),
      'responder',
      'responder waits for peers, initiator dials.',
    ),
    remote: list(
      remote,
      'Address or prefix the peers come from; for an initiator the name or address to dial.',
      'any',
    ),
    local_id: optional(
      identity,
      'What the gateway calls itself on this connection.',
      'identity of the service section',
    ),
    remote_id: optional(
      identityPattern,
      'What the peer must call itself (who logs in with a password: eap_id instead); in the distinguished name of a certificate the value * is any, as in C=CH, O=Home, CN=*.',
      'any; an initiator that checks a certificate expects the name it dialled',
    ),
    local_auth: defaulted(
      oneOf(['pubkey', 'psk', ...eapAuths, ...twoRounds]),
      'pubkey',
      'How the gateway proves who it is: with a certificate (pubkey) or a shared secret (psk). An initiator may log in by EAP, also after it has shown a certificate (pubkey+eap-mschapv2); a responder proves itself by eap-tls, eap-ttls or eap-peap to peers that want no more (RFC 5998).',
    ),
    remote_auth: list(
      remoteAuth,
      'How the peer proves who it is; several may be allowed. With EAP it logs in as a user; pubkey+eap-mschapv2 wants a certificate first, and then a login (RFC 4739).',
      'the same as local_auth; pubkey where that is EAP',
    ),
    eap_id: optional(
      eapName,
      'Users that may log in by EAP; an initiator logs in as this user.',
      'any; an initiator takes the user section of the connection',
    ),
    peap_unbound: defaulted(
      flag,
      '0',
      'Whether eap-peap also lets in who does not bind the password inside to the TLS around it (cryptobinding), as Windows does and Apple’s devices do not: then whoever is shown a login elsewhere can use it here.',
    ),
    remote_key: list(
      publicKey,
      'Public key of the peer, as «ikectl key show» prints it there: instead of any certificate (RFC 7670).',
      'the peer shows a certificate',
    ),
    local_key: optional(
      absolutePath,
      'PEM file with the private key that we use without a certificate.',
      'router.key in the folder of the service, where remote_key is set and certificate is not',
    ),
    certificate: optional(
      sectionName,
      'Name of the certificate section that the gateway shows.',
      'the certificate that carries the identity',
    ),
    psk: optional(
      secret,
      'Shared secret for this connection alone; at least 16 characters.',
      'the psk sections',
    ),
    ppk_id: optional(
      ppkId,
      'Initiator: id of the ppk section to use.',
      'the first ppk section for its peer, if there is one',
    ),
    ppk_required: defaulted(
      flag,
      '0',
      'Whether nobody connects without a PPK; else it is used where both sides have it (RFC 8784, RFC 9867).',
    ),
    suite: defaulted(
      oneOf(suiteNames),
      'compatible',
      'Prepared list of algorithms, ML-KEM first: modern, compatible (phones and PCs as they come), legacy (also SHA-1 and group 2, for Windows as it comes).',
    ),
    ike: list(
      proposal('ike'),
      'Algorithms for the handshake, such as aes256gcm16-prfsha384-ecp384 or, with ML-KEM after it, aes256gcm16-prfsha384-ecp384-ke1_mlkem768; several in order of preference.',
      'those of the suite',
    ),
    esp: list(
      proposal('esp'),
      'Algorithms for the traffic, such as aes256gcm16; several in order of preference.',
      'those of the suite',
    ),
    pool: optional(
      sectionName,
      'Name of the pool section that peers get their addresses from.',
      'peers get no addresses',
    ),
    virtual_ip: list(
      ipAddress,
      'Initiator: address to ask of the peer; 0.0.0.0 and :: ask for any.',
      'none is asked for',
    ),
    local_ts: list(
      selector,
      'Addresses on our side that may use the tunnel, such as 192.168.1.0/24 or 192.168.1.5[tcp/443].',
      'everything where there is a pool, else dynamic (the own address)',
    ),
    remote_ts: list(
      selector,
      'Addresses on the side of the peer that may use the tunnel.',
      'dynamic (the address the peer got, or else its own); everything where virtual_ip is set',
    ),
    encap: defaulted(
      oneOf(['auto', 'always', 'never']),
      'auto',
      'Whether ESP travels in UDP; auto always does so on IPv4, and on IPv6 behind a NAT.',
    ),
    fragment_size: defaulted(
      wholeNumber(576, 65535, 'bytes'),
      '1280',
      'Largest IP packet of the handshake; what is longer is sent in pieces (RFC 7383).',
    ),
    start: defaulted(
      oneOf(['none', 'start', 'trap']),
      'none',
      'Initiator: none dials on command only, start at once and again whenever the connection or its tunnel ends, trap when the first packet for remote_ts comes from local_ts; with trap the peer may be first and is answered.',
    ),
    dpd: defaulted(
      timeOrNever(1, 86400),
      '180',
      'Time that a peer may be silent before it is asked whether it is still there.',
    ),
    inactivity: defaulted(
      timeOrNever(1, 86400),
      '0',
      'Time after which a tunnel that carries nothing is closed; the connection stays, and the next packet may open another (start trap, here or at the peer).',
    ),
    mobike: defaulted(
      flag,
      '1',
      'Whether the tunnel survives a change of address, from Wi-Fi to the mobile network.',
    ),
    ike_lifetime: defaulted(
      timeOrNever(1, 2_592_000),
      '14400',
      'Time after which the handshake gets new keys, while the tunnel stays up.',
    ),
    child_lifetime: defaulted(
      timeOrNever(1, 2_592_000),
      '3600',
      'Time after which the traffic gets new keys, while the tunnel stays up.',
    ),
    child_packets: defaulted(
      amountOrNever(100, 'packets'),
      '0',
      'Number of packets in one direction after which the traffic gets new keys as well.',
    ),
    child_bytes: defaulted(
      amountOrNever(100_000, 'bytes'),
      '0',
      'Amount of data in one direction after which the traffic gets new keys as well.',
    ),
    reauth_lifetime: defaulted(
      timeOrNever(5, 31_536_000),
      '0',
      'Time for which an authentication counts: an initiator makes a new connection before it is over, a responder tells the peer and hangs up then.',
    ),
    unique: defaulted(
      oneOf(uniquenesses),
      'device',
      'What happens to the older connections of an identity that connects again: device ends those that do not answer, replace ends all, keep refuses the new one while an older one answers, never lets all stay (8 at the most).',
    ),
    childless: defaulted(
      oneOf(childlessModes),
      'allow',
      'Whether the tunnel is made after the handshake, with keys of its own (RFC 6023): allow where the peer wants it, prefer where it can, force always, never.',
    ),
    redirect: defaulted(
      flag,
      '0',
      'Initiator: whether to follow a peer that sends it to another gateway (RFC 5685), which must prove to be remote_id as well.',
    ),
    jitter: defaulted(
      share,
      '0.1',
      'Part of a lifetime by which new keys may come earlier, so that not all tunnels get theirs at once.',
    ),
  }),
  later: [],
});

export const sectionTypes = {
  service,
  pool,
  connection,
  certificate,
  authority,
  psk,
  ppk,
  user,
  device,
} as const;
export type SectionTypes = typeof sectionTypes;
export type SectionTypeName = keyof SectionTypes;
/** The values of a section of that type, defaults filled in. */
export type OptionsOf<T extends SectionTypeName> = z.infer<SectionTypes[T]['options']>;

/** Section types of later versions: known, and ignored with a warning. */
export const laterSectionTypes: readonly string[] = ['radius'];
