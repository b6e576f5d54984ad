// A host of the lab with a kernel of its own: Debian's user-mode-linux, one program without privileges, whose ESP is
// Linux's (esp4, esp6, xfrm). It boots from the root of a peer (`cross/peers.sh`), which it cannot change, within a
// second or two, and takes the place of a namespace: it has the namespace's device, and its own addresses.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Outcome } from './command.ts';
import type { Lab } from './lab.ts';
import type { Namespace } from './namespace.ts';
import type { Service } from './service.ts';
import { until } from './until.ts';

export interface KernelHostOptions {
  readonly name: string;
  /** The folder that it boots from. */
  readonly root: string;
  /** The namespace's device, which has no address there; it is `vec0` inside. */
  readonly device: string;
  /** Shell commands before it counts as up: addresses, routes. */
  readonly scene: string;
}

export class KernelHost {
  /** A folder that both sides see; the host calls it /mnt. */
  readonly dir: string;
  readonly #service: Service;
  #asked = 0;

  private constructor(lab: Lab, host: Namespace, options: KernelHostOptions) {
    const { name, root, device, scene } = options;
    this.dir = lab.folder(name);
    writeFileSync(join(this.dir, 'boot.sh'), bootScript(scene));
    // Neither of the two hosts behind one device may answer for the other.
    host.sysctl({ [`net.ipv6.conf.${device}.disable_ipv6`]: 1 });
    this.#service = lab.start(host, name, [
      'linux.uml',
      'mem=160M',
      `umid=${name}`,
      `uml_dir=${this.dir}`,
      `vec0:transport=raw,ifname=${device},depth=64`,
      ...[
        'rootfstype=hostfs',
        `rootflags=${realpathSync(root)}`,
        'ro',
        'init=/init',
        `LAB=${this.dir}`,
      ],
      // What the host's kernel gives for randomness counts at once; without it, keys take twenty seconds.
      ...['con=null', 'con0=null,fd:1', 'ssl=null', 'panic=1', 'quiet', 'random.trust_cpu=on'],
    ]);
  }

  static async boot(lab: Lab, host: Namespace, options: KernelHostOptions): Promise<KernelHost> {
    const kernel = new KernelHost(lab, host, options);
    await until(`${options.name} boots`, () => kernel.#isUp(options.name), 60_000);
    return kernel;
  }

  /** Writes files into the folder that both sides see. */
  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.dir, name)), { recursive: true });
      writeFileSync(join(this.dir, name), text, { mode: 0o600 });
    }
  }

  /** What stands in a file there; nothing while it is not there. */
  read(name: string): string {
    const file = join(this.dir, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** Runs a shell script in there; whatever its exit status, the outcome is returned, all output as stdout. */
  async attempt(script: string, limit = 30_000): Promise<Outcome> {
    const id = `${++this.#asked}`;
    const task = join(this.dir, id);
    this.write({ [`${id}.new`]: script });
    renameSync(`${task}.new`, `${task}.task`);
    await until(`«${script.trim().slice(0, 80)}» ends`, () => existsSync(`${task}.code`), limit);
    return { code: Number(this.read(`${id}.code`)), stdout: this.read(`${id}.out`), stderr: '' };
  }

  /** As `attempt`, but it has to succeed. @returns what it printed */
  async run(script: string, limit?: number): Promise<string> {
    const { code, stdout } = await this.attempt(script, limit);
    if (code !== 0) throw new Error(`${script} ended with ${code}\n${stdout}`);
    return stdout;
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }

  #isUp(name: string): boolean {
    if (!this.#service.isRunning) throw new Error(`${name} ended:\n${this.#service.log}`);
    return existsSync(join(this.dir, 'up'));
  }
}

/** The first program: a few mounts and modules, the scene, then whatever is asked, one task after the other. */
const bootScript = (scene: string): string => `
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc; mount -t sysfs sys /sys
mount -t tmpfs dev /dev; mkdir /dev/net
mknod -m 666 /dev/null c 1 3; mknod /dev/zero c 1 5; mknod /dev/random c 1 8; mknod /dev/urandom c 1 9
for folder in run tmp root var/lib; do mount -t tmpfs tmpfs /$folder; done
mount -t hostfs -o /usr/lib/uml/modules none /usr/lib/modules
for module in ${modules}; do modprobe $module; done
ip link set lo up; ip link set vec0 up
${scene}
: >/mnt/up
cd /tmp
while :; do
  for task in /mnt/*.task; do
    [ -e "$task" ] || continue
    it=\${task%.task}; mv "$task" "$it.running"
    sh "$it.running" >"$it.out" 2>&1 </dev/null; echo $? >"$it.ended"; mv "$it.ended" "$it.code"
  done
  usleep 20000
done
`;

/** What nobody would ask for; ciphers are loaded when an SA wants them. */
const modules = 'xfrm_user esp4 esp6 af_key';
