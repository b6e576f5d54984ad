// `make refusals`: whether the time until a refusal tells what was wrong. A gateway in namespaces refuses ghosts for
// every reason there is, in turn; the table shows how long it took, and each median as a ratio to one of its kind.
//
//   ROUNDS=100
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificateLogin, trustIn } from '../interop/ghosts.ts';
import { Authority, type Credential } from '../lab/certificates.ts';
import { inCheckout } from '../lab/checkout.ts';
import { run } from '../lab/command.ts';
import { Gateway } from '../lab/gateway.ts';
import { address, Home } from '../lab/home.ts';
import {
  basics,
  certificateFiles,
  certificateGuests,
  presharedKey,
  pskGuests,
  user,
} from '../lab/household.ts';
import { gatewayName } from '../lab/phone.ts';
import { whyNot } from '../lab/ready.ts';
import { Report } from '../lab/report.ts';
import { makeCrl } from '../lab/revocation.ts';
import { section } from '../lab/uci.ts';
import type { Failure, RefusalReport, RefusalSetup } from './refusal-run.ts';

const report = new Report();
const rounds = Number(process.env['ROUNDS'] || 100);
const sources = Array.from({ length: 40 }, (_, i) => `203.0.113.${i + 16}`);
const password = 'correct horse';
const dnOf = (name: string, organization = 'Home') => `C=CH, O=${organization}, CN=${name}`;

const authority = new Authority('rsa');
const strangers = new Authority('rsa', 'C=CH, O=Elsewhere, CN=Other CA');
const issue = (name: string, more: object = {}, by = authority): Credential =>
  by.issue({ dn: dnOf(name), purpose: 'clientAuth', kind: 'rsa', ...more });

const good = issue('good');
const listed = issue('listed');
const lost = issue('lost');
/** Of somebody who saw a certificate and has no key for it. */
const copied = ({ certificate }: Credential): Credential => ({ certificate, key: issue('x').key });

const byCertificate = (credential: Credential): Failure => {
  const login = certificateLogin(credential, authority);
  if (!('chain' in login)) throw new Error('no certificate');
  const { chain, subject, keyPem } = login;
  return { kind: 'certificate', chain, subject, keyPem };
};
const byPassword = (name: string): Failure => ({ kind: 'password', user: name, password: 'wrong' });

/** In groups; the first of each is what the others are compared with. */
const groups: Readonly<Record<string, Readonly<Record<string, Failure>>>> = {
  password: {
    'wrong password': byPassword('user#'),
    'unknown user': byPassword('nobody#'),
    'disabled user': byPassword('disabled#'),
    'expired user': byPassword('expired#'),
    'revoked device': byPassword('revoked#'),
    'too many guesses': byPassword('tried'),
  },
  'shared secret': {
    'wrong secret': { kind: 'psk', name: 'anna@example.org', secret: 'something else' },
    'unknown name': { kind: 'psk', name: 'nobody#@example.org', secret: 'something else' },
  },
  'certificate without its key': {
    'good certificate': byCertificate(copied(good)),
    'revoked by a list': byCertificate(copied(listed)),
    'revoked device': byCertificate(copied(lost)),
    'expired certificate': byCertificate(copied(issue('old', { expired: true }))),
    'for a server': byCertificate(copied(issue('server', { purpose: 'serverAuth' }))),
    'an authority itself': byCertificate(
      copied({ certificate: authority.certificate, key: authority.key }),
    ),
    'of an unknown authority': byCertificate(copied(issue('stranger', {}, strangers))),
    'for another name': byCertificate(copied(issue('guest', { dn: dnOf('guest', 'Elsewhere') }))),
  },
  'certificate with its key': {
    'for another name': byCertificate(issue('guest', { dn: dnOf('guest', 'Elsewhere') })),
    'revoked by a list': byCertificate(listed),
    'revoked device': byCertificate(lost),
    'expired certificate': byCertificate(issue('old', { expired: true })),
    'of an unknown authority': byCertificate(issue('stranger', {}, strangers)),
  },
};

function serialOf({ certificate }: Credential): string {
  return new X509Certificate(certificate).serialNumber.toLowerCase();
}

async function measure(): Promise<RefusalReport> {
  const home = await Home.build();
  const interrupted = (): void => void home.close().then(() => process.exit(130));
  process.once('SIGINT', interrupted);
  try {
    home.internet.address('isp', ...sources.map((source) => `${source}/24`));
    const crl = join(home.lab.dir, 'list.crl');
    writeFileSync(crl, makeCrl(authority, [listed.certificate]));
    const server = authority.issue({
      ...{ dn: dnOf(gatewayName), san: [gatewayName], purpose: 'serverAuth' },
    });
    const [trusted, own] = certificateFiles(home.lab, server, authority.certificate);
    if (!own || !trusted) throw new Error('the lab has no certificates');
    const numbers = Array.from({ length: 60 }, (_, i) => i);
    await Gateway.start(home.lab, home.router, [
      ...basics({ log: 'warn' }),
      pskGuests({ suite: 'compatible' }),
      presharedKey('anna@example.org', 'correct horse battery'),
      certificateGuests({
        ...{ suite: 'compatible', remote_auth: ['pubkey', 'eap-mschapv2'] },
        remote_id: dnOf('*'),
      }),
      ...numbers.flatMap((i) => [
        user(`user${i}`, password),
        user(`disabled${i}`, password, { enabled: 0 }),
        user(`expired${i}`, password, { expires: '2020-01-01' }),
        section('device', `revoked${i}`, {
          ...{ name: `revoked${i}`, password, revoked: '2020-01-01T00:00:00Z' },
        }),
      ]),
      user('tried', password),
      section('device', 'lost', {
        ...{ name: 'lost', auth: 'certificate', certificate: serialOf(lost) },
        revoked: '2020-01-01T00:00:00Z',
      }),
      own,
      section('authority', 'home', { ...trusted.options, crl: [crl] }),
    ]);
    const bundler = [process.execPath, inCheckout('cross/bundle-tool.mjs')];
    const program = inCheckout((await run([...bundler, 'test/bench/refusal-run.ts'])).trim());
    const ask = async (failures: RefusalSetup['failures'], times: number) => {
      const setup: RefusalSetup = {
        ...{ ...trustIn(authority), failures, rounds: times, sources },
        ...{ gateway: address.router, server: gatewayName },
      };
      const file = join(home.lab.dir, 'refusals.json');
      writeFileSync(file, JSON.stringify(setup), { mode: 0o600 });
      const command = [process.execPath, program, file];
      return JSON.parse(await home.internet.run(command, { limit: 3_600_000 }));
    };
    await ask(failuresOf(groups), 5); // what is slow for the first time
    await ask({ tried: byPassword('tried') }, 120);
    return await ask(failuresOf(groups), rounds);
  } finally {
    process.off('SIGINT', interrupted);
    await home.close();
  }
}

const failuresOf = (all: typeof groups): Readonly<Record<string, Failure>> =>
  Object.fromEntries(
    Object.entries(all).flatMap(([group, failures]) =>
      Object.entries(failures).map(([name, failure]) => [keyOf(group, name), failure]),
    ),
  );
const keyOf = (group: string, name: string): string => `${group}: ${name}`;

function tabulate(measured: RefusalReport): string[][] {
  const rows = Object.entries(groups).flatMap(([group, failures]) => {
    const [first = ''] = Object.keys(failures);
    const reference = measured[keyOf(group, first)] ?? [];
    return Object.keys(failures).map((name) => {
      const times = measured[keyOf(group, name)] ?? [];
      const shown = [0.1, 0.5, 0.9].map((share) => quantile(times, share).toFixed(2));
      const ratio = quantile(times, 0.5) / quantile(reference, 0.5);
      return [keyOf(group, name), ...shown, `${ratio.toFixed(2)} ×`];
    });
  });
  return [['ms until the refusal', '10 %', 'median', '90 %', 'ratio'], ...rows];
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}

const why = whyNot('our gateway', 'strongSwan');
if (why === undefined) {
  report.title(`time until a refusal, ${rounds} rounds`);
  report.table(tabulate(await measure()));
} else report.line(`skipped: ${why}`);
