// libreswan's pluto on a kernel of its own, with the ESP of Linux.
import { join } from 'node:path';
import { cabin, outerOf } from './cabin.ts';
import { runNow } from './command.ts';
import type { KernelHost } from './kernel-host.ts';
import { gatewayName } from './phone.ts';
import { homeNetwork, type Joint, type Papers, type SitePeer, sharedSecret } from './site-peer.ts';

export class Libreswan implements SitePeer {
  readonly renews = ['child', 'ike'] as const;
  readonly #kernel: KernelHost;

  private constructor(kernel: KernelHost) {
    this.#kernel = kernel;
  }

  /** @param ppks secrets of its post-quantum pre-shared keys, by their ids */
  static async start(
    kernel: KernelHost,
    papers: Papers,
    ppks: Readonly<Record<string, string>> = {},
  ): Promise<Libreswan> {
    kernel.write({
      'ipsec.conf': 'config setup\n\tlogfile=/mnt/pluto.log\n',
      'ipsec.secrets': [
        ['PSK', sharedSecret],
        ...Object.entries(ppks).map(([id, secret]) => ['PPKS', id, secret]),
      ]
        .map(
          ([kind, ...words]) => `@${cabin.name} @${gatewayName} : ${kind} "${words.join('" "')}"\n`,
        )
        .join(''),
      'ca.pem': papers.authority,
      'own.pem': papers.theirs.certificate,
      'own.key': papers.theirs.key,
    });
    const { dir } = kernel;
    const own = ['-inkey', join(dir, 'own.key'), '-in', join(dir, 'own.pem'), '-name', 'own'];
    const bag = ['-certpbe', 'AES-256-CBC', '-keypbe', 'AES-256-CBC', '-passout', 'pass:'];
    runNow(['openssl', 'pkcs12', '-export', ...own, ...bag, '-out', join(dir, 'own.p12')]);
    await startPluto(
      kernel,
      `certutil -A -d sql:/run/nss -n ca -t CT,, -i /mnt/ca.pem
      pk12util -i /mnt/own.p12 -d sql:/run/nss -K '' -W ''`,
    );
    return new Libreswan(kernel);
  }

  /** @param more lines of its connection */
  async configure(joint: Joint, more: readonly string[] = []): Promise<void> {
    this.#kernel.write({
      'site.conf': connectionOf(joint) + more.map((line) => `\t${line}\n`).join(''),
    });
    await this.#kernel.run(`
      ${WHACK} --name site --delete
      ipsec addconn --config /mnt/site.conf --ctlsocket /run/pluto/pluto.ctl site`);
  }

  /** Hangs up, and does not dial again, as it would if it were hung up on. */
  async leave(): Promise<void> {
    await this.#kernel.run(`${WHACK} --name site --delete`);
  }

  async dial(): Promise<void> {
    await this.#kernel.run(`timeout 25 ${WHACK} --name site --initiate`);
  }

  async rekey(what: 'child' | 'ike'): Promise<void> {
    const ask = (word: string) => `timeout 25 ${WHACK} --name site --rekey-${word}`;
    // Version 4 calls it otherwise.
    await this.#kernel.run(what === 'ike' ? ask('ike') : `${ask('child')} || ${ask('ipsec')}`);
  }

  get log(): string {
    return this.#kernel.read('pluto.log');
  }
}

/** Starts pluto with `ipsec.conf` and `ipsec.secrets` of that kernel. @param keys shell commands that fill its NSS, in /run/nss */
export async function startPluto(kernel: KernelHost, keys: string): Promise<void> {
  await kernel.run(`
      mkdir -p /run/pluto /run/nss
      certutil -N -d sql:/run/nss --empty-password
      ${keys}
      ipsec pluto --config /mnt/ipsec.conf --secretsfile /mnt/ipsec.secrets --nssdir /run/nss --rundir /run/pluto
      for try in $(seq 100); do ${WHACK} --status >/dev/null 2>&1 && break; usleep 100000; done
      ${WHACK} --listen`);
}

function connectionOf(joint: Joint): string {
  const { ours, theirs } = outerOf(joint.outer);
  return `conn site
	${joint.auth === 'psk' ? 'authby=secret' : 'authby=ecdsa\n\tleftcert=own\n\trightca=%same'}
	left=${theirs}
	leftid=@${cabin.name}
	leftsubnet=${cabin.lan}
	right=${ours}
	rightid=@${gatewayName}
	rightsubnet=${homeNetwork}
	ike=aes_gcm256-sha2_256-dh31
	esp=${ciphers[joint.cipher]}
	esn=${joint.esn ? 'yes' : 'no'}
	encapsulation=${joint.encap === 'UDP' ? 'yes' : 'no'}
	mobike=no
	auto=add
`;
}

const ciphers = {
  aes256gcm16: 'aes_gcm256',
  chacha20poly1305: 'chacha20_poly1305',
  'aes256-sha512': 'aes256-sha2_512',
} as const;
export const WHACK = 'ipsec whack --rundir /run/pluto';
