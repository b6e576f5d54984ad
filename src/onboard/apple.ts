// A configuration profile for iPhone, iPad and Mac: opened once, it holds the authority, the credential, and a VPN that
// may connect by itself (Apple, Device Management: com.apple.vpn.managed).
import { fileStem, isSplit, type Onboarding, type Profile, secretOf, titleOf } from './device.ts';
import { uuidOf } from './identifier.ts';
import { type PlistValue, plist } from './plist.ts';
import { allowsPfs, besideMlKem, speakEsp, speakIke, type Vocabulary } from './suite.ts';

/** @throws CannotMake */
export function appleProfile(onboarding: Onboarding): Profile {
  const { gateway, device, credential } = onboarding;
  const payloads = [rootPayload(onboarding), identityPayload(onboarding), vpnPayload(onboarding)];
  const content = plist({
    PayloadType: 'Configuration',
    PayloadVersion: 1,
    PayloadIdentifier: identifierOf(onboarding, 'profile'),
    PayloadUUID: uuidOf(onboarding, 'profile'),
    PayloadDisplayName: titleOf(gateway),
    PayloadOrganization: gateway.name,
    PayloadDescription: `Connects ${device.name} to ${gateway.name}.`,
    PayloadRemovalDisallowed: false,
    PayloadContent: payloads.filter((payload) => payload !== undefined),
  });
  return {
    file: {
      filename: `${fileStem(device)}.mobileconfig`,
      type: 'application/x-apple-aspen-config',
      content,
    },
    extras: [],
    secret: secretOf(credential),
    steps: [
      'Open the file on the device, in Safari, Mail, Files or by AirDrop.',
      'iPhone and iPad: Settings › General › VPN & Device Management, tap the profile, Install. Mac: System Settings › General › Device Management, double-click it.',
      ...(secretOf(credential) === 'asked'
        ? ['Type the password of this device when you are asked for it.']
        : []),
      device.isOnDemand
        ? 'The VPN connects by itself away from home.'
        : `Switch on «${titleOf(gateway)}» in Settings › VPN.`,
    ],
  };
}

function rootPayload(onboarding: Onboarding): PlistValue | undefined {
  const { authority } = onboarding.gateway;
  if (!authority) return undefined;
  return {
    ...headOf(onboarding, 'com.apple.security.root', 'ca', authority.commonName),
    PayloadCertificateFileName: 'ca.cer',
    PayloadContent: authority.der,
  };
}

function identityPayload(onboarding: Onboarding): PlistValue | undefined {
  const { credential, device } = onboarding;
  if (credential.kind !== 'certificate') return undefined;
  return {
    ...headOf(onboarding, 'com.apple.security.pkcs12', 'identity', device.name),
    PayloadCertificateFileName: `${fileStem(device)}.p12`,
    PayloadContent: credential.pkcs12.legacy,
    Password: credential.passphrase,
  };
}

function vpnPayload(onboarding: Onboarding): PlistValue {
  const { gateway } = onboarding;
  return {
    ...headOf(onboarding, 'com.apple.vpn.managed', 'vpn', titleOf(gateway)),
    UserDefinedName: titleOf(gateway),
    VPNType: 'IKEv2',
    IKEv2: ikev2(onboarding),
    ...(gateway.hasIpv4 ? { IPv4: { OverridePrimary: isSplit(onboarding) ? 0 : 1 } } : {}),
    DNS: dns(onboarding),
  };
}

function ikev2(onboarding: Onboarding): PlistValue {
  const { gateway, device, credential } = onboarding;
  const { isPostQuantum } = onboarding;
  const ours = isPostQuantum ? besideMlKem(gateway.ike, 'ike') : gateway.ike;
  const oursOfEsp = isPostQuantum ? besideMlKem(gateway.esp, 'esp') : gateway.esp;
  const ike = speakIke(ours, vocabulary, 'iOS');
  const esp = speakEsp(oursOfEsp, vocabulary, 'iOS');
  const hasPfs = allowsPfs(oursOfEsp, ike.ke, vocabulary.ke);
  const further = isPostQuantum ? { PostQuantumKeyExchangeMethods: [mlKem768] } : {};
  const { authority } = gateway;
  return {
    RemoteAddress: gateway.name,
    RemoteIdentifier: gateway.name,
    LocalIdentifier: credential.kind === 'certificate' ? credential.identity : device.name,
    ...authentication(onboarding),
    // Names the authority, so that the device asks for its certificates, and takes no other's.
    ServerCertificateIssuerCommonName: authority?.commonName,
    IKESecurityAssociationParameters: {
      EncryptionAlgorithm: ike.encr,
      IntegrityAlgorithm: ike.hash,
      DiffieHellmanGroup: Number(ike.ke),
      LifeTimeInMinutes: ikeMinutes,
      ...further,
    },
    ChildSecurityAssociationParameters: {
      EncryptionAlgorithm: esp.encr,
      IntegrityAlgorithm: esp.integ ?? ike.hash,
      DiffieHellmanGroup: Number(ike.ke),
      LifeTimeInMinutes: childMinutes,
      ...further,
    },
    // A gateway whose algorithms were changed since is reached without.
    ...(isPostQuantum ? { AllowPostQuantumKeyExchangeFallback: 1 } : {}),
    EnablePFS: hasPfs ? 1 : 0,
    DeadPeerDetectionRate: 'Medium',
    DisableMOBIKE: 0,
    DisableRedirect: 1,
    EnableCertificateRevocationCheck: 0,
    UseConfigurationAttributeInternalIPSubnet: 0,
    NATKeepAliveOffloadEnable: 1,
    NATKeepAliveInterval: 110,
    MTU: Math.min(1400, Math.max(1280, gateway.mtu)),
    DisconnectOnIdle: 0,
    ...onDemand(onboarding),
  };
}

function authentication({ credential, ...rest }: Onboarding): Record<string, PlistValue> {
  if (credential.kind === 'certificate') {
    return {
      AuthenticationMethod: 'Certificate',
      ExtendedAuthEnabled: 0,
      PayloadCertificateUUID: uuidOf({ credential, ...rest }, 'identity'),
      // RSA is what it takes by itself; who says so has to name the gateway's authority as well.
      ...(rest.gateway.authority ? { CertificateType: 'RSA' } : {}),
    };
  }
  const { userName, password } = credential;
  return {
    AuthenticationMethod: 'None',
    ExtendedAuthEnabled: 1,
    AuthName: userName,
    ...(password === undefined ? {} : { AuthPassword: password }),
  };
}

/** Stays off in the Wi-Fi at home, and on everywhere else. */
function onDemand({ gateway, device }: Onboarding): Record<string, PlistValue> {
  if (!device.isOnDemand) return {};
  const atHome = { Action: 'Disconnect', InterfaceTypeMatch: 'WiFi', SSIDMatch: gateway.wifi };
  return {
    OnDemandEnabled: 1,
    OnDemandRules: [...(gateway.wifi.length > 0 ? [atHome] : []), { Action: 'Connect' }],
  };
}

/** Attribute 25 says the same, but only newer systems heed it. */
function dns(onboarding: Onboarding): PlistValue | undefined {
  const { dns: servers, domains } = onboarding.gateway;
  if (servers.length === 0) return undefined;
  const isAboutAll = domains.length === 0 || !isSplit(onboarding);
  return {
    ServerAddresses: servers,
    ...(domains.length === 0 ? {} : { SearchDomains: domains }),
    // An empty domain stands for every name.
    SupplementalMatchDomains: isAboutAll ? [''] : domains,
  };
}

function headOf(onboarding: Onboarding, type: string, part: string, title: string) {
  return {
    PayloadType: type,
    PayloadVersion: 1,
    PayloadIdentifier: identifierOf(onboarding, part),
    PayloadUUID: uuidOf(onboarding, part),
    PayloadDisplayName: title,
  };
}

const identifierOf = (onboarding: Onboarding, part: string): string =>
  `net.ikev2-ts.${uuidOf(onboarding, 'profile').toLowerCase()}.${part}`;

/** What a profile may name (IKEv2.SecurityAssociationParameters). */
const vocabulary: Vocabulary = {
  encr: {
    aes256gcm16: 'AES-256-GCM',
    aes128gcm16: 'AES-128-GCM',
    chacha20poly1305: 'ChaCha20Poly1305',
    aes256: 'AES-256',
    aes128: 'AES-128',
  },
  integ: { sha256: 'SHA2-256', sha384: 'SHA2-384', sha512: 'SHA2-512' },
  prf: { prfsha256: 'SHA2-256', prfsha384: 'SHA2-384', prfsha512: 'SHA2-512' },
  ke: {
    ecp256: '19',
    ecp384: '20',
    ecp521: '21',
    x25519: '31',
    modp2048: '14',
    modp3072: '15',
    modp4096: '16',
  },
};

/** Its number among transforms (IANA), as the system wants it: iOS and macOS 26. */
const mlKem768 = 36;

/** The most that a profile may say; the gateway's own lifetimes come first. */
const ikeMinutes = 1440;
const childMinutes = 480;
