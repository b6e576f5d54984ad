// Whether this machine can hold a lab: root (of a user namespace at least), and the programs that it needs.
import { existsSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { inCheckout, program, root } from './checkout.ts';
import { runNow } from './command.ts';

export type Need =
  | 'our gateway'
  | 'strongSwan'
  | 'a kernel of its own'
  | Peer
  | 'tshark'
  | 'dnsmasq'
  | 'iperf3'
  | 'eapol_test'
  | 'hostapd'
  | 'Chromium';

/** A peer of another version than this machine's, by its name in `cross/peers.txt`. */
export type Peer = `peer ${string}`;

/** Why it cannot, in words; undefined: it can. */
export function whyNot(...needs: readonly Need[]): string | undefined {
  if (!mayMakeNamespaces()) return 'no network namespaces: neither root nor a user namespace';
  const wanted = ['base' as const, ...needs].flatMap((need) =>
    isPeer(need) ? [peerRoot(need.slice('peer '.length))] : PROGRAMS[need],
  );
  const absent = wanted.filter((name) => !isInstalled(name));
  return absent.length === 0 ? undefined : `missing: ${absent.map(nameOf).join(', ')}`;
}

/** Where `cross/peers.sh` leaves it: a folder with `usr`, and what it takes to boot from it. */
export const peerRoot = (name: string): string => inCheckout('build/peers', name);

const isPeer = (need: string): need is Peer => need.startsWith('peer ');

let namespacesWork: boolean | undefined;

/** Tried once, for real: the kernel and the container decide, not the user id. */
function mayMakeNamespaces(): boolean {
  namespacesWork ??= tryNamespace(`ikl-try-${process.pid}`);
  return namespacesWork;
}

function tryNamespace(name: string): boolean {
  try {
    runNow(['ip', 'netns', 'add', name]);
    runNow(['ip', '-n', name, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1']);
    return true;
  } catch {
    return false;
  } finally {
    try {
      runNow(['ip', 'netns', 'del', name]);
    } catch {
      // It never came to be.
    }
  }
}

function isInstalled(name: string): boolean {
  if (name.startsWith('/')) return existsSync(name);
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, name)));
}

/** Without the folder, which says nothing to a reader. */
function nameOf(path: string): string {
  if (path.startsWith(peerRoot(''))) return `${basename(path)} («make peers»)`;
  return path.startsWith(root) ? basename(path) : path;
}

const PROGRAMS = {
  base: ['ip', 'nft', 'ethtool', 'ping', 'curl', 'sysctl'],
  'our gateway': [program.ikev2d, program.ikectl, '/dev/net/tun'],
  strongSwan: ['charon-systemd', 'swanctl', 'pki', '/dev/net/tun'],
  'a kernel of its own': ['linux.uml', '/usr/lib/uml/modules'],
  tshark: ['tshark', 'dumpcap', 'tcpdump'],
  dnsmasq: ['dnsmasq'],
  iperf3: ['iperf3'],
  eapol_test: ['eapol_test'],
  hostapd: ['hostapd'],
  Chromium: ['/usr/bin/chromium'],
} as const;
