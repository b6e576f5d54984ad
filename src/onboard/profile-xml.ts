// ProfileXML of the VPNv2 configuration service provider: the same connection for computers that are managed, by Intune
// or a script with the rights of the system.
import {
  fileStem,
  homeNetworks,
  isSplit,
  type Onboarding,
  type Profile,
  titleOf,
} from './device.ts';
import { type WindowsSuite, windowsSuite } from './windows-words.ts';
import { xmlText } from './xml.ts';

/** @throws CannotMake */
export function profileXml(onboarding: Onboarding): Profile {
  const { gateway, device, credential } = onboarding;
  const { dns, domains } = gateway;
  const [domain] = domains;
  const content = element(
    'VPNProfile',
    element(
      'NativeProfile',
      element('Servers', xmlText(gateway.name)),
      element('NativeProtocolType', 'IKEv2'),
      authentication(onboarding),
      element('RoutingPolicyType', isSplit(onboarding) ? 'SplitTunnel' : 'ForceTunnel'),
      element('CryptographySuite', ...suite(windowsSuite(onboarding))),
      element('DisableClassBasedDefaultRoute', 'true'),
    ),
    ...routes(onboarding),
    ...(domain === undefined ? [] : [element('DnsSuffix', xmlText(domain))]),
    ...(dns.length === 0 ? [] : namesOf(onboarding)),
    element('AlwaysOn', `${device.isOnDemand}`),
    element('RememberCredentials', 'true'),
    ...(domain !== undefined && device.isOnDemand
      ? [element('TrustedNetworkDetection', xmlText(domain))]
      : []),
    element('ProfileName', xmlText(titleOf(gateway))),
  );
  const needs = [
    ...(gateway.authority
      ? ['the authority in ca.crt among the trusted roots of the computer']
      : []),
    ...(credential.kind === 'certificate' ? ['the certificate of the computer'] : []),
  ];
  return {
    file: { filename: `${fileStem(device)}.xml`, type: 'application/xml', content: `${content}\n` },
    extras: extras(onboarding),
    secret: credential.kind === 'certificate' ? 'inside' : 'asked',
    steps: [
      ...(needs.length > 0 ? [`Install ${needs.join(', and ')}.`] : []),
      `Give the file to the VPNv2 provider (./Device/Vendor/MSFT/VPNv2/…/ProfileXML) by Intune, or as the system by the WMI bridge.`,
      ...(credential.kind === 'certificate'
        ? [`The passphrase of the certificate is ${credential.passphrase}.`]
        : [`The first time, type the user name ${credential.userName} and its password.`]),
    ],
  };
}

function extras({ gateway, device, credential }: Onboarding): Profile['extras'] {
  const { authority } = gateway;
  const der = 'application/x-x509-ca-cert';
  const p12 = 'application/x-pkcs12';
  return [
    ...(authority ? [{ filename: 'ca.crt', type: der, content: authority.der }] : []),
    ...(credential.kind === 'certificate'
      ? [{ filename: `${fileStem(device)}.p12`, type: p12, content: credential.pkcs12.modern }]
      : []),
  ];
}

function authentication({ credential }: Onboarding): string {
  if (credential.kind === 'certificate') {
    return element('Authentication', element('MachineMethod', 'Certificate'));
  }
  return element(
    'Authentication',
    element('UserMethod', 'Eap'),
    element('Eap', element('Configuration', mschapv2)),
  );
}

/** Outer type 26, and the credentials of the user, not those of Windows. */
const mschapv2 = [
  '<EapHostConfig xmlns="http://www.microsoft.com/provisioning/EapHostConfig">',
  '<EapMethod>',
  '<Type xmlns="http://www.microsoft.com/provisioning/EapCommon">26</Type>',
  '<VendorId xmlns="http://www.microsoft.com/provisioning/EapCommon">0</VendorId>',
  '<VendorType xmlns="http://www.microsoft.com/provisioning/EapCommon">0</VendorType>',
  '<AuthorId xmlns="http://www.microsoft.com/provisioning/EapCommon">0</AuthorId>',
  '</EapMethod>',
  '<Config xmlns="http://www.microsoft.com/provisioning/EapHostConfig">',
  '<Eap xmlns="http://www.microsoft.com/provisioning/BaseEapConnectionPropertiesV1">',
  '<Type>26</Type>',
  '<EapType xmlns="http://www.microsoft.com/provisioning/MsChapV2ConnectionPropertiesV1">',
  '<UseWinLogonCredentials>false</UseWinLogonCredentials>',
  '</EapType>',
  '</Eap>',
  '</Config>',
  '</EapHostConfig>',
].join('\n');

const suite = (words: WindowsSuite): readonly string[] =>
  Object.entries(words).map(([name, word]) => element(name, word));

function routes(onboarding: Onboarding): readonly string[] {
  if (!isSplit(onboarding)) return [];
  return homeNetworks(onboarding).map(({ ip, bits }) =>
    element('Route', element('Address', ip), element('PrefixSize', `${bits}`)),
  );
}

/** A name that begins with a dot stands for everything below it; the dot alone for every name. */
function namesOf(onboarding: Onboarding): readonly string[] {
  const { dns, domains } = onboarding.gateway;
  const spaces = domains.length > 0 ? domains.map((domain) => `.${domain}`) : ['.'];
  if (domains.length === 0 && isSplit(onboarding)) return [];
  return spaces.map((space) =>
    element(
      'DomainNameInformation',
      element('DomainName', xmlText(space)),
      element('DnsServers', dns.join(',')),
    ),
  );
}

/** @param children elements, or one text that is escaped already */
function element(name: string, ...children: readonly string[]): string {
  const [only = ''] = children;
  if (children.length < 2 && !only.startsWith('<')) return `<${name}>${only}</${name}>`;
  const inside = children.join('\n').replace(/^/gm, '  ');
  return `<${name}>\n${inside}\n</${name}>`;
}
