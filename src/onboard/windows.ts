// A PowerShell script for Windows 10 and 11: what the settings page cannot do, above all a key exchange that is not group 2.
import { formatPrefix } from '../base/ip.ts';
import { fileStem, isSplit, type Onboarding, type Profile, titleOf } from './device.ts';
import { powershellBytes, powershellText } from './powershell.ts';
import { windowsRoutes, windowsSuite } from './windows-words.ts';

/** @throws CannotMake */
export function windowsScript(onboarding: Onboarding): Profile {
  const { gateway, device, credential } = onboarding;
  const filename = `${fileStem(device)}.ps1`;
  const parts = [
    head(onboarding),
    authority(onboarding),
    certificate(onboarding),
    connection(onboarding),
    suite(onboarding),
    routes(onboarding),
    names(onboarding),
    tail(onboarding),
  ];
  const isByPassword = credential.kind === 'password';
  return {
    file: {
      filename,
      type: 'text/plain',
      content: parts
        .filter((part) => part !== '')
        .join('\n\n')
        .replaceAll('\n', '\r\n'),
    },
    extras: [],
    secret: isByPassword ? 'asked' : 'inside',
    steps: [
      'Copy the file to the computer, open Terminal (Admin), and go to its folder.',
      `Run: powershell -ExecutionPolicy Bypass -File .\\${filename}`,
      `Click the network symbol, choose «${titleOf(gateway)}», Connect.`,
      ...(isByPassword
        ? [`Type the user name ${credential.userName} and its password; Windows remembers them.`]
        : ['Delete the file: it holds the key of this device.']),
      ...(device.isOnDemand
        ? ['It connects when you choose it: a script cannot make Windows do that by itself.']
        : []),
    ],
  };
}

function head({ gateway, device }: Onboarding): string {
  return `#Requires -RunAsAdministrator
# Sets up the VPN to the home router on this computer. It may be run again: the connection is made anew.
$ErrorActionPreference = 'Stop'
$name = ${powershellText(titleOf(gateway))}
$server = ${powershellText(gateway.name)}
Write-Host "Setting up $name for" ${powershellText(device.name)}`;
}

function authority({ gateway }: Onboarding): string {
  if (!gateway.authority) return '';
  return `# The authority of the home router: with it the computer knows that it talks to the right one.
$authority = New-Object Security.Cryptography.X509Certificates.X509Certificate2 (,${powershellBytes(gateway.authority.der)})
$store = New-Object Security.Cryptography.X509Certificates.X509Store 'Root', 'LocalMachine'
$store.Open('ReadWrite')
$store.Add($authority)
$store.Close()`;
}

function certificate({ credential }: Onboarding): string {
  if (credential.kind !== 'certificate') return '';
  return `# The certificate of this computer, with a key that nobody can copy out again.
$bag = New-Object Security.Cryptography.X509Certificates.X509Certificate2Collection
$bag.Import(${powershellBytes(credential.pkcs12.modern)}, ${powershellText(credential.passphrase)}, 'MachineKeySet,PersistKeySet')
$store = New-Object Security.Cryptography.X509Certificates.X509Store 'My', 'LocalMachine'
$store.Open('ReadWrite')
foreach ($one in $bag) { if ($one.HasPrivateKey) { $store.Add($one) } }
$store.Close()`;
}

function connection(onboarding: Onboarding): string {
  const { credential, gateway } = onboarding;
  const [domain] = gateway.domains;
  const options = [
    '-Name $name -ServerAddress $server -TunnelType Ikev2 -AllUserConnection -Force',
    `-AuthenticationMethod ${credential.kind === 'certificate' ? 'MachineCertificate' : 'Eap'}`,
    `-EncryptionLevel ${level(onboarding)} -RememberCredential -IdleDisconnectSeconds 0`,
    ...(isSplit(onboarding) ? ['-SplitTunneling'] : []),
    ...(domain === undefined ? [] : [`-DnsSuffix ${powershellText(domain)}`]),
  ];
  const eap =
    credential.kind === 'password'
      ? '\n$eap = New-EapConfiguration # MSCHAPv2, inside what the certificate of the router protects'
      : '';
  if (eap !== '') options.push('-EapConfigXmlStream $eap.EapConfigXmlStream');
  return `rasdial $name /disconnect | Out-Null # what is connected cannot be taken out
Get-VpnConnection -AllUserConnection -ErrorAction SilentlyContinue | Where-Object Name -EQ $name |
  Remove-VpnConnection -AllUserConnection -Force${eap}
Add-VpnConnection ${options.join(' `\n  ')}`;
}

/** Maximum: no key of less than 256 bits. */
function level(onboarding: Onboarding): string {
  const { CipherTransformConstants: esp, EncryptionMethod: ike } = windowsSuite(onboarding);
  return [esp, ike].every((word) => word.endsWith('256')) ? 'Maximum' : 'Required';
}

function suite(onboarding: Onboarding): string {
  const options = Object.entries(windowsSuite(onboarding)).map(([key, word]) => `-${key} ${word}`);
  return `# As it comes, Windows offers a key exchange of 1024 bits, and nothing else.
Set-VpnConnectionIPsecConfiguration -ConnectionName $name -AllUserConnection -Force \`
  ${options.join(' `\n  ')}`;
}

function routes(onboarding: Onboarding): string {
  const lines = windowsRoutes(onboarding).map(
    (prefix) =>
      `Add-VpnConnectionRoute -ConnectionName $name -AllUserConnection -DestinationPrefix '${formatPrefix(prefix)}'`,
  );
  return lines.join('\n');
}

function names(onboarding: Onboarding): string {
  const { dns, domains } = onboarding.gateway;
  if (dns.length === 0) return '';
  const spaces = domains.map((domain) => powershellText(`.${domain}`)).join(', ');
  const servers = dns.map((ip) => powershellText(ip)).join(', ');
  const rule = `# Names at home are asked of the router alone.
Get-DnsClientNrptRule | Where-Object Comment -EQ $name | Remove-DnsClientNrptRule -Force
Add-DnsClientNrptRule -Namespace ${spaces} -NameServers ${servers} -Comment $name`;
  const parts = [...(domains.length > 0 ? [rule] : []), ...(isSplit(onboarding) ? [] : [metric])];
  return parts.join('\n\n');
}

const metric = `# Names are asked through the tunnel first: otherwise the network around this computer hears them too.
$book = Join-Path $env:ProgramData 'Microsoft\\Network\\Connections\\Pbk\\rasphone.pbk'
$isOurs = $false
$lines = foreach ($line in Get-Content $book) {
  if ($line -match '^\\[(.*)\\]$') { $isOurs = $Matches[1] -eq $name }
  if ($isOurs) { $line -replace '^(Ipv6|Ip)InterfaceMetric=.*', '$1InterfaceMetric=1' } else { $line }
}
Set-Content $book $lines`;

const tail = ({ credential }: Onboarding): string =>
  credential.kind === 'password'
    ? `Write-Host "$name is ready. The user name is" ${powershellText(credential.userName)}\n`
    : 'Write-Host "$name is ready."\n';
