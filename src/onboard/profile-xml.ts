// ProfileXML of the VPNv2 configuration service provider: the same connection for computers that are managed, by Intune
// or a script with the rights of the system.
import { fileStem, isSplit, type Onboarding, type Profile, titleOf } from './device.ts';
import { type WindowsSuite, windowsRoutes, windowsSuite } from './windows-words.ts';
import { xmlText } from './xml.ts';

/** @throws CannotMake */
export function profileXml(onboarding: Onboarding): Profile {
  const { gateway, device, credential } = onboarding;
  const { dns, domains } = gateway;
  const [domain] = domains;
  // In the order of its schema (ProfileXML XSD): a sequence, in which nothing may stand elsewhere.
  const content = element(
    'VPNProfile',
    element('RememberCredentials', 'true'),
    element('AlwaysOn', `${device.isOnDemand}`),
    ...(domain === undefined ? [] : [element('DnsSuffix', xmlText(domain))]),
    ...(domain !== undefined && device.isOnDemand
      ? [element('TrustedNetworkDetection', xmlText(domain))]
      : []),
    ...(dns.length === 0 ? [] : namesOf(onboarding)),
    element(
      'NativeProfile',
      element('Servers', xmlText(gateway.name)),
      element('RoutingPolicyType', isSplit(onboarding) ? 'SplitTunnel' : 'ForceTunnel'),
      element('NativeProtocolType', 'IKEv2'),
      element('DisableClassBasedDefaultRoute', 'true'),
      element('CryptographySuite', ...suite(windowsSuite(onboarding))),
      authentication(onboarding),
    ),
    ...windowsRoutes(onboarding).map(({ ip, bits }) =>
      element('Route', element('Address', ip), element('PrefixSize', `${bits}`)),
    ),
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
      `Give the file to the VPNv2 provider by Intune, or as the system by the WMI bridge: ./Device/Vendor/MSFT/VPNv2/${encodeURIComponent(titleOf(gateway))}/ProfileXML.`,
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
  suiteOrder.map((name) => element(name, words[name]));

const suiteOrder = [
  ...['AuthenticationTransformConstants', 'CipherTransformConstants', 'PfsGroup', 'DHGroup'],
  ...['IntegrityCheckMethod', 'EncryptionMethod'],
] as const satisfies readonly (keyof WindowsSuite)[];

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
