// Ghosts in the phone's namespace: what they are given, and what they play.
import { createHash, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCertificate } from '../../src/pki/certificate.ts';
import type { Model } from '../ghost/model.ts';
import type { Said } from '../ghost/profile.ts';
import type { Authority, Credential } from '../lab/certificates.ts';
import { inCheckout } from '../lab/checkout.ts';
import { run } from '../lab/command.ts';
import { address, type Home } from '../lab/home.ts';
import { gatewayName } from '../lab/phone.ts';
import type { GhostReport, GhostSetup, Step, Trust } from './ghost-run.ts';

/** Where the phone goes when it roams: another address of the same hotel. */
const elsewhere = { v4: '192.168.7.11', v6: '2001:db8:7::11' };
const outer = {
  v4: { from: address.phone, gateway: address.router },
  v6: { from: address.phone6, gateway: address.router6 },
};

export class Ghosts {
  readonly #home: Home;
  readonly #program: string;

  private constructor(home: Home, program: string) {
    this.#home = home;
    this.#program = program;
  }

  static async prepare(home: Home): Promise<Ghosts> {
    home.phone.address('wlan0', `${elsewhere.v4}/24`, `${elsewhere.v6}/64`);
    const bundler = [process.execPath, inCheckout('cross/bundle-tool.mjs')];
    const program = (await run([...bundler, 'test/interop/ghost-run.ts'])).trim();
    return new Ghosts(home, inCheckout(program));
  }

  /** Plays the steps until one comes to nothing. */
  async visit(
    model: Model,
    {
      over,
      ...fields
    }: Pick<GhostSetup, 'login' | 'name' | 'steps'> & {
      over: 'v4' | 'v6';
      /** Instead of the name that the gateway has in the lab. */
      server?: string;
      said?: Said | undefined;
    },
  ): Promise<GhostReport> {
    const setup: GhostSetup = { model: model.name, server: gatewayName, ...outer[over], ...fields };
    const file = join(this.#home.lab.dir, 'ghost.json');
    writeFileSync(file, JSON.stringify(setup), { mode: 0o600 });
    return JSON.parse(await this.#home.phone.run([process.execPath, this.#program, file]));
  }
}

/** As much as a client does in a day. */
export const aDay = (over: 'v4' | 'v6'): readonly Step[] => [
  { kind: 'connect' },
  { kind: 'ping', to: address.lan },
  { kind: 'ping', to: address.lan6 },
  { kind: 'rekey child' },
  { kind: 'ping', to: address.lan },
  { kind: 'rekey IKE' },
  { kind: 'ping', to: address.lan },
  { kind: 'move', to: elsewhere[over] },
  { kind: 'ping', to: address.lan },
  { kind: 'rekey child' },
  { kind: 'ping', to: address.lan6 },
  { kind: 'disconnect' },
];
/** What is reported when all of it worked. */
export const wholeDay = aDay('v4').map(({ kind }) => kind);

export function certificateLogin(phone: Credential, authority: Authority): GhostSetup['login'] {
  const reading = readCertificate(new Uint8Array(new X509Certificate(phone.certificate).raw));
  if (!reading.ok) throw new Error(reading.why);
  const { der, subject } = reading.certificate;
  return {
    ...trustIn(authority),
    chain: [Buffer.from(der).toString('hex')],
    subject: Buffer.from(subject).toString('hex'),
    keyPem: phone.key,
  };
}

export function trustIn({ certificate }: Pick<Authority, 'certificate'>): Trust {
  const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return {
    authorityPem: certificate,
    authorityHash: createHash('sha1').update(spki).digest('hex'),
  };
}
