// Two hosts on one cable, which is as short as a network gets: what is measured is the tunnel.
//
//   10.1.0.1 ─ tunnel ─ left ══ 192.0.2.1 ── 192.0.2.2 ══ right ─ tunnel ─ 10.2.0.1
import { Lab } from '../lab/lab.ts';
import { connect, type Namespace } from '../lab/namespace.ts';

export const outer = { left: '192.0.2.1', right: '192.0.2.2' } as const;
export const inner = { left: '10.1.0.1', right: '10.2.0.1' } as const;
/** Of every tunnel, so that none has larger packets than another. */
export const INNER_MTU = 1400;

/**
 * `offloads`: the cable carries segments of up to 64 KiB, as between namespaces. `nic`: one packet after the other,
 * as copper does, joined again where they arrive.
 */
export type Wire = 'offloads' | 'nic';

/** A pair for as long as `use` takes, and when it is interrupted. */
export async function inPair<T>(wire: Wire, use: (pair: Pair) => Promise<T>): Promise<T> {
  const pair = await Pair.build(wire);
  const interrupted = (): void => void pair.close().then(() => process.exit(130));
  process.once('SIGINT', interrupted);
  try {
    return await use(pair);
  } finally {
    process.off('SIGINT', interrupted);
    await pair.close();
  }
}

export class Pair {
  readonly lab: Lab;
  readonly left: Namespace;
  readonly right: Namespace;

  private constructor(lab: Lab) {
    this.lab = lab;
    this.left = lab.namespace('left');
    this.right = lab.namespace('right');
  }

  static async build(wire: Wire = 'offloads'): Promise<Pair> {
    const lab = await Lab.open();
    try {
      const pair = new Pair(lab);
      pair.#lay();
      if (wire === 'nic') pair.#sendSingly();
      return pair;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.lab.close();
  }

  #lay(): void {
    connect({ host: this.left, device: 'wan' }, { host: this.right, device: 'wan' });
    this.left.address('wan', `${outer.left}/24`);
    this.right.address('wan', `${outer.right}/24`);
  }

  #sendSingly(): void {
    for (const host of [this.left, this.right]) {
      const switches = ['tso', 'off', 'gso', 'off', 'tx-udp-segmentation', 'off', 'gro', 'on'];
      host.runNow('ethtool', '-K', 'wan', ...switches);
    }
  }
}
