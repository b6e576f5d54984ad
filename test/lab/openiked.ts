// OpenIKED on a kernel of its own, with the ESP of Linux.
import { cabin, outerOf } from './cabin.ts';
import { runNow } from './command.ts';
import { address } from './home.ts';
import type { KernelHost } from './kernel-host.ts';
import { gatewayName } from './phone.ts';
import { homeNetwork, type Joint, type Papers, type SitePeer, sharedSecret } from './site-peer.ts';

export class OpenIked implements SitePeer {
  readonly renews = ['child'] as const;
  readonly #kernel: KernelHost;

  private constructor(kernel: KernelHost) {
    this.#kernel = kernel;
  }

  static async start(kernel: KernelHost, papers: Papers): Promise<OpenIked> {
    const { certificate, key } = papers.theirs;
    const publicKey = runNow(['openssl', 'pkey', '-pubout'], { input: key });
    kernel.write({ 'ca.crt': papers.authority, 'cabin.crt': certificate });
    kernel.write({ 'local.key': key, 'local.pub': publicKey });
    await kernel.run(`
      mount -t tmpfs tmpfs /etc/iked
      cd /etc/iked; mkdir -p ca certs crls private pubkeys/fqdn pubkeys/ufqdn pubkeys/ipv4 pubkeys/ipv6
      cp /mnt/ca.crt ca/; cp /mnt/cabin.crt certs/; cp /mnt/local.key private/; cp /mnt/local.pub .
      chmod 644 ca/ca.crt certs/cabin.crt local.pub; chmod 600 private/local.key`);
    return new OpenIked(kernel);
  }

  async configure(joint: Joint): Promise<void> {
    this.#kernel.write({ 'iked.conf': policyOf(joint) });
    await this.#kernel.run(`
      if [ -e /run/pid ]; then
        kill $(cat /run/pid); while kill -0 $(cat /run/pid) 2>/dev/null; do usleep 20000; done
      fi
      ip xfrm state flush; ip xfrm policy flush
      cp /mnt/iked.conf /run/iked.conf; chmod 600 /run/iked.conf
      iked -n -f /run/iked.conf`);
    if (joint.dials === 'we') await this.dial();
  }

  /** An active policy dials when the daemon starts, and again and again. */
  async dial(): Promise<void> {
    await this.#kernel.run(`
      iked -d -vv -f /run/iked.conf >/mnt/iked.log 2>&1 & echo $! >/run/pid
      for try in $(seq 100); do grep -q nattport /mnt/iked.log && exit; usleep 50000; done; exit 1`);
  }

  /** It has no command for it: a tunnel is renewed after so much traffic, an IKE SA when it is old. */
  async rekey(): Promise<void> {
    const pings = `ping -c ${BYTES / 1000} -i 0.01 -s 1000 -W 1 -I ${cabin.host} ${address.lan}`;
    await this.#kernel.attempt(pings); // where it is not fast enough, the last of them find no SA
  }

  get log(): string {
    return this.#kernel.read('iked.log');
  }
}

/** What the kernel takes by PF_KEY; of HMAC-SHA2-256 that keeps 96 bits where all others have 128. */
function policyOf(joint: Joint): string {
  const { ours, theirs } = outerOf(joint.outer);
  const proof = joint.auth === 'psk' ? `psk "${sharedSecret}"` : 'ecdsa256';
  return `set nomobike
ikev2 "site" ${joint.dials === 'they' ? 'active' : 'passive'} esp \\
  from ${cabin.lan} to ${homeNetwork} local ${theirs} peer ${ours} \\
  ikesa enc aes-256-gcm prf hmac-sha2-256 group curve25519 \\
  childsa enc aes-256 auth hmac-sha2-512 group none group curve25519 \\
  srcid ${cabin.name} dstid ${gatewayName} lifetime 3h bytes ${BYTES} ${proof}
`;
}

/** Of a tunnel's life in one direction; it is renewed before the end. */
const BYTES = 50_000;
