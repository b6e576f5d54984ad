// What Windows calls algorithms, in the cmdlet Set-VpnConnectionIPsecConfiguration and in ProfileXML alike.
import { type Prefix, parsePrefix } from '../base/ip.ts';
import { homeNetworks, isSplit, type Onboarding } from './device.ts';
import { allowsPfs, speakEsp, speakIke, type Vocabulary } from './suite.ts';

export interface WindowsSuite {
  readonly AuthenticationTransformConstants: string;
  readonly CipherTransformConstants: string;
  readonly EncryptionMethod: string;
  readonly IntegrityCheckMethod: string;
  readonly DHGroup: string;
  readonly PfsGroup: string;
}

/** The one policy that Windows offers then, instead of group 2. @throws CannotMake */
export function windowsSuite({ gateway }: Onboarding): WindowsSuite {
  const ike = speakIke(gateway.ike, ikeWords, 'Windows');
  const esp = speakEsp(gateway.esp, espWords, 'Windows');
  const pfs = pfsWords[ike.ke];
  const hasPfs = pfs !== undefined && allowsPfs(gateway.esp, ike.ke, ikeWords.ke);
  return {
    // An AEAD stands in both places.
    AuthenticationTransformConstants: esp.integ ?? esp.encr,
    CipherTransformConstants: esp.encr,
    EncryptionMethod: ike.encr,
    IntegrityCheckMethod: ike.hash,
    DHGroup: ike.ke,
    PfsGroup: hasPfs ? pfs : 'None',
  };
}

/** Beside what Windows sets by itself: a default route for IPv4 alone. @throws CannotMake */
export function windowsRoutes(onboarding: Onboarding): readonly Prefix[] {
  if (isSplit(onboarding)) return homeNetworks(onboarding);
  return onboarding.gateway.hasIpv6
    ? ['::/1', '8000::/1'].flatMap((half) => parsePrefix(half) ?? [])
    : [];
}

const cbc = { aes256: 'AES256', aes192: 'AES192', aes128: 'AES128' } as const;
const gcm = { aes256gcm16: 'GCMAES256', aes128gcm16: 'GCMAES128' } as const;
const ikeWords: Vocabulary = {
  encr: { ...gcm, ...cbc },
  integ: { sha256: 'SHA256', sha384: 'SHA384', sha1: 'SHA1' },
  prf: { prfsha256: 'SHA256', prfsha384: 'SHA384', prfsha1: 'SHA1' },
  ke: { ecp256: 'ECP256', ecp384: 'ECP384', modp2048: 'Group14', modp1024: 'Group2' },
};
const espWords = {
  encr: { ...gcm, aes192gcm16: 'GCMAES192', ...cbc },
  integ: { sha256: 'SHA256128', sha1: 'SHA196' },
};
const pfsWords: Readonly<Record<string, string>> = {
  ECP256: 'ECP256',
  ECP384: 'ECP384',
  Group14: 'PFS2048',
  Group2: 'PFS2',
};
