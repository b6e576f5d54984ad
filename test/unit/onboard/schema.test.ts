// What each system's manual lets stand in its format, as tables of names: nothing else is in our files, in no other order,
// and all that must be there is.
import { DOMParser, type Element } from '@xmldom/xmldom';
import { parse as parsePlist } from 'plist';
import { describe, expect, test } from 'vitest';
import { appleProfile } from '../../../src/onboard/apple.ts';
import type { Profile } from '../../../src/onboard/device.ts';
import { profileXml } from '../../../src/onboard/profile-xml.ts';
import { sswanProfile } from '../../../src/onboard/sswan.ts';
import { windowsScript } from '../../../src/onboard/windows.ts';
import { commandsIn, parsePowershell } from './powershell-grammar.ts';
import { certificate, onboarding, password, ways } from './samples.ts';

const all = Object.entries({
  ...ways,
  'IPv4 alone': onboarding(password, {}, { hasIpv6: false, domains: [], dns: [] }),
  'a public authority': onboarding(certificate, {}, { authority: undefined }),
});
const contentOf = ({ file }: Profile): string => `${file.content}`;

describe.each(all)('%s', (_, sample) => {
  test('ProfileXML has the elements of its schema, each as often and where it may', () => {
    const document = new DOMParser().parseFromString(contentOf(profileXml(sample)), 'text/xml');
    const root = document.documentElement;
    expect(root?.tagName).toBe('VPNProfile');
    if (root) expectSequence(root);
  });

  test('the script for Windows parses, and calls cmdlets with parameters that they have', () => {
    const script = contentOf(windowsScript(sample));
    const calls = commandsIn(parsePowershell(script));
    expect(calls.map(([name]) => name)).toContain('Add-VpnConnection');
    for (const [name, parameters] of calls) {
      expect(Object.keys(cmdlets)).toContain(name);
      for (const one of parameters) expect(cmdlets[name], name).toContain(one);
    }
  });

  test('the profile of the strongSwan app has keys that it knows, and those that it needs', () => {
    const profile = JSON.parse(contentOf(sswanProfile(sample)));
    expect(keysOf(profile).filter((key) => !sswanKeys.includes(key))).toEqual([]);
    expect(profile.uuid).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(['ikev2-eap', 'ikev2-cert']).toContain(profile.type);
    expect(profile.name && profile.remote.addr).toBeTruthy();
    expect(profile.local.eap_id ?? profile.local.p12).toBeTruthy();
    expect(profile.mtu).toBeGreaterThanOrEqual(1280);
    expect(profile.mtu).toBeLessThanOrEqual(1500);
  });

  // The app hands it to Android's own store, which said «wrong password» to AES before version 14.
  test('the profile of the strongSwan app has a PKCS#12 that every Android opens', () => {
    const { credential } = sample;
    if (credential.kind !== 'certificate') return;
    const { local } = JSON.parse(contentOf(sswanProfile(sample)));
    expect(Buffer.from(local.p12, 'base64')).toEqual(Buffer.from(credential.pkcs12.legacy));
  });

  test('the profile for Apple has keys that it knows, with values of their kind', () => {
    const profile = asDict(parsePlist(contentOf(appleProfile(sample))));
    const payloads = asList(profile['PayloadContent']).map(asDict);
    expect(Object.keys(profile).filter((key) => !(key in outer))).toEqual([]);
    const vpn = payloads.find(({ PayloadType: type }) => type === 'com.apple.vpn.managed');
    const { IKESecurityAssociationParameters: ike, ChildSecurityAssociationParameters: child } =
      asDict(vpn?.['IKEv2']);
    for (const parameters of [ike, child].map(asDict)) {
      expect(Object.keys(parameters).sort()).toEqual(saKeys);
      expect(parameters['LifeTimeInMinutes']).toSatisfy((n: number) => n >= 10 && n <= 1440);
    }
    for (const [key, value] of Object.entries(asDict(vpn?.['IKEv2']))) {
      expect(ikev2Keys[key], key).toBe(typeof value);
    }
    // With a public authority the kind of certificate stood alone, and such a profile is refused.
    const { CertificateType: kind, ServerCertificateIssuerCommonName: issuer } = asDict(
      vpn?.['IKEv2'],
    );
    if (kind !== undefined) expect(issuer).toBeTruthy();
    const uuids = [profile, ...payloads].map(({ PayloadUUID: uuid }) => uuid);
    expect(new Set(uuids).size).toBe(uuids.length);
    // What refers to another part finds it.
    const reference = asDict(vpn?.['IKEv2'])['PayloadCertificateUUID'];
    if (reference !== undefined) expect(uuids).toContain(reference);
  });
});

/** Elements in the order of a sequence: `?` once or never, `*` any number, else once (ProfileXML XSD, VPNv2). */
const sequences: Readonly<Record<string, readonly string[]>> = {
  VPNProfile: [
    ...['RememberCredentials?', 'AlwaysOn?', 'DnsSuffix?', 'TrustedNetworkDetection?'],
    ...['DomainNameInformation*', 'NativeProfile?', 'Route*'],
  ],
  DomainNameInformation: ['DomainName', 'DnsServers?'],
  NativeProfile: [
    ...['Servers', 'RoutingPolicyType?', 'NativeProtocolType?', 'DisableClassBasedDefaultRoute?'],
    ...['CryptographySuite?', 'Authentication'],
  ],
  CryptographySuite: [
    ...['AuthenticationTransformConstants?', 'CipherTransformConstants?', 'PfsGroup?'],
    ...['DHGroup?', 'IntegrityCheckMethod?', 'EncryptionMethod?'],
  ],
  // The schema wants Eap in any case; the provider's own example of a machine certificate has none.
  Authentication: ['UserMethod?', 'MachineMethod?', 'Eap?'],
  Eap: ['Configuration'],
  Configuration: ['EapHostConfig'],
  Route: ['Address', 'PrefixSize'],
};

function expectSequence(element: Element): void {
  const children = [...element.childNodes].filter((node) => node.nodeType === 1) as Element[];
  const allowed = sequences[element.tagName];
  if (!allowed) {
    // What EAP is told is a language of its own.
    if (element.tagName !== 'EapHostConfig') expect(children, element.tagName).toEqual([]);
    return;
  }
  const pattern = allowed.map((one) => one.replace(/^(\w+)(.?)$/, '(?:$1 )$2')).join('');
  const names = children.map(({ tagName }) => `${tagName} `).join('');
  expect(names).toMatch(new RegExp(`^${pattern}$`));
  for (const child of children) expectSequence(child);
}

/** Parameters that we use of what Windows has (VpnClient, DnsClient). */
const cmdlets: Readonly<Record<string, readonly string[]>> = {
  'Write-Host': [],
  'New-Object': [],
  rasdial: [],
  'Out-Null': [],
  foreach: [],
  'Get-VpnConnection': ['-AllUserConnection', '-ErrorAction'],
  'Where-Object': ['-EQ'],
  'Remove-VpnConnection': ['-AllUserConnection', '-Force'],
  'New-EapConfiguration': [],
  'Add-VpnConnection': [
    ...['-Name', '-ServerAddress', '-TunnelType', '-AllUserConnection', '-Force'],
    ...['-AuthenticationMethod', '-EncryptionLevel', '-RememberCredential', '-SplitTunneling'],
    ...['-IdleDisconnectSeconds', '-DnsSuffix', '-EapConfigXmlStream'],
  ],
  'Set-VpnConnectionIPsecConfiguration': [
    ...['-ConnectionName', '-AllUserConnection', '-Force', '-AuthenticationTransformConstants'],
    ...['-CipherTransformConstants', '-EncryptionMethod', '-IntegrityCheckMethod', '-DHGroup'],
    '-PfsGroup',
  ],
  'Add-VpnConnectionRoute': ['-ConnectionName', '-AllUserConnection', '-DestinationPrefix'],
  'Get-DnsClientNrptRule': [],
  'Remove-DnsClientNrptRule': ['-Force'],
  'Add-DnsClientNrptRule': ['-Namespace', '-NameServers', '-Comment'],
  'Join-Path': [],
  'Get-Content': [],
  'Set-Content': [],
};

const sswanKeys = [
  ...['uuid', 'name', 'type', 'mtu', 'ipv6-transport', 'remote.addr', 'remote.cert'],
  ...['remote.revocation.crl', 'remote.revocation.ocsp', 'local.eap_id', 'local.shared_secret'],
  ...['local.p12', 'local.id', 'split-tunneling.subnets'],
  ...['split-tunneling.block-ipv4', 'split-tunneling.block-ipv6'],
];
const keysOf = (value: object, before = ''): string[] =>
  Object.entries(value).flatMap(([key, each]) =>
    typeof each === 'object' ? keysOf(each, `${before}${key}.`) : `${before}${key}`,
  );

const outer = {
  ...{ PayloadType: '', PayloadVersion: 1, PayloadIdentifier: '', PayloadUUID: '' },
  ...{ PayloadDisplayName: '', PayloadOrganization: '', PayloadDescription: '' },
  ...{ PayloadRemovalDisallowed: false, PayloadContent: [] },
};
const saKeys = [
  ...['DiffieHellmanGroup', 'EncryptionAlgorithm', 'IntegrityAlgorithm', 'LifeTimeInMinutes'],
];
/** Keys of IKEv2 that we use, with what their values are (com.apple.vpn.managed). */
const ikev2Keys: Readonly<Record<string, string>> = {
  ...{ RemoteAddress: 'string', RemoteIdentifier: 'string', LocalIdentifier: 'string' },
  ...{ AuthenticationMethod: 'string', ExtendedAuthEnabled: 'number', AuthName: 'string' },
  ...{ AuthPassword: 'string', PayloadCertificateUUID: 'string', CertificateType: 'string' },
  ...{ ServerCertificateIssuerCommonName: 'string', EnablePFS: 'number', MTU: 'number' },
  ...{ IKESecurityAssociationParameters: 'object', ChildSecurityAssociationParameters: 'object' },
  ...{ DeadPeerDetectionRate: 'string', DisableMOBIKE: 'number', DisableRedirect: 'number' },
  ...{ EnableCertificateRevocationCheck: 'number', DisconnectOnIdle: 'number' },
  ...{ UseConfigurationAttributeInternalIPSubnet: 'number', NATKeepAliveInterval: 'number' },
  ...{ NATKeepAliveOffloadEnable: 'number', OnDemandEnabled: 'number', OnDemandRules: 'object' },
};

const asDict = (value: unknown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(Object(value)));
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
