// strongSwan with the ESP of Linux, on a kernel of its own: raw ESP and extended sequence numbers, which its userland
// ESP has not.
import { cabin, outerOf } from './cabin.ts';
import type { KernelHost } from './kernel-host.ts';
import { gatewayName } from './phone.ts';
import { homeNetwork, type Joint, type Papers, type SitePeer, sharedSecret } from './site-peer.ts';
import { formatSettings, type Settings } from './swanctl.ts';

export class KernelSwan implements SitePeer {
  readonly renews = ['child', 'ike'] as const;
  readonly #kernel: KernelHost;
  readonly #keyExchanges: readonly string[];

  private constructor(kernel: KernelHost, keyExchanges: readonly string[]) {
    this.#kernel = kernel;
    this.#keyExchanges = keyExchanges;
  }

  static async start(kernel: KernelHost, papers: Papers): Promise<KernelSwan> {
    kernel.write({
      'strongswan.conf': formatSettings(daemonSettings),
      'x509ca/home.pem': papers.authority,
      'x509/cabin.pem': papers.theirs.certificate,
      'private/cabin.pem': papers.theirs.key,
    });
    await kernel.run(`
      ${ENV} /usr/sbin/charon-systemd >/mnt/charon.out 2>&1 &
      for try in $(seq 100); do [ -S /run/charon.vici ] && exit; usleep 50000; done; exit 1`);
    const algorithms = await kernel.run(`${ENV} swanctl --list-algs`);
    const hybrid = algorithms.includes('ML_KEM_768') ? ['x25519-ke1_mlkem768'] : [];
    return new KernelSwan(kernel, [...hybrid, 'x25519']);
  }

  async configure(joint: Joint): Promise<void> {
    this.#kernel.write({ 'swanctl.conf': formatSettings(connectionOf(joint, this.#keyExchanges)) });
    await this.#swanctl('--load-all --clear');
  }

  async dial(): Promise<void> {
    await this.#swanctl('--initiate --child site --timeout 20');
  }

  async rekey(what: 'child' | 'ike'): Promise<void> {
    await this.#swanctl(`--rekey --${what} site`);
  }

  get log(): string {
    return this.#kernel.read('charon.log');
  }

  #swanctl(words: string): Promise<string> {
    return this.#kernel.run(`${ENV} swanctl ${words}`);
  }
}

function connectionOf(joint: Joint, keyExchanges: readonly string[]): Settings {
  const { ours, theirs } = outerOf(joint.outer);
  const [answers, dials] = proofs[joint.auth];
  const [here, there] = joint.dials === 'we' ? [answers, dials] : [dials, answers];
  const esp = `${joint.cipher}-${joint.esn ? 'esn' : 'noesn'}`;
  const child = {
    local_ts: cabin.lan,
    remote_ts: homeNetwork,
    esp_proposals: [...keyExchanges.map((one) => `${esp}-${one}`), esp],
  };
  const site = {
    version: 2,
    local_addrs: theirs,
    remote_addrs: ours,
    proposals: keyExchanges.map((one) => `aes256gcm16-prfsha256-${one}`),
    mobike: false,
    encap: joint.encap === 'UDP',
    local: { auth: here, id: cabin.name, certs: here === 'psk' ? undefined : 'cabin.pem' },
    remote: { auth: there, id: gatewayName },
    children: { site: child },
  };
  return {
    connections: { site },
    secrets: { 'ike-site': { 'id-own': cabin.name, secret: sharedSecret } },
  };
}

/** Of who answers, and of who dials. */
const proofs = {
  psk: ['psk', 'psk'],
  certificate: ['pubkey', 'pubkey'],
  'EAP-TLS': ['pubkey', 'eap-tls'],
} as const;

const ENV = 'STRONGSWAN_CONF=/mnt/strongswan.conf SWANCTL_DIR=/mnt';
const PLUGINS = [
  'random nonce openssl pem pkcs1 pkcs8 x509 pubkey revocation constraints',
  'aes sha1 sha2 hmac kdf gcm ccm ctr chapoly curve25519 drbg mgf1',
  'eap-identity eap-tls vici kernel-netlink socket-default updown',
].join(' ');
const daemonSettings: Settings = {
  'charon-systemd': {
    load: PLUGINS,
    filelog: { log: { path: '/mnt/charon.log', default: 1, ike: 2, flush_line: true } },
    plugins: { vici: { socket: 'unix:///run/charon.vici' } },
  },
  swanctl: {
    load: 'random openssl pem pkcs1 pkcs8 x509 pubkey',
    socket: 'unix:///run/charon.vici',
  },
};
