// Fetches what an authority publishes, by plain HTTP as it is meant (RFC 5280 §4.2.1.13): it is signed. Bounded in time
// and size, without redirections, and into no network of ours unless the owner wrote the address.
import { lookup } from 'node:dns/promises';
import { request } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Fetch, FetchRequest } from '../pki/revocation.ts';

export interface Fetching {
  readonly complain: (doing: string, why: string) => void;
  /** Milliseconds; several may be needed within the ten seconds of a question. */
  readonly timeout?: number;
}

export function fetcher({ complain, timeout = 3000 }: Fetching): Fetch {
  return async (wanted) => {
    try {
      return await fetchOnce(wanted, timeout);
    } catch (error) {
      const why = error instanceof Error ? error.message : `${error}`;
      complain(`fetch ${wanted.url}`, why);
      return undefined;
    }
  };
}

async function fetchOnce({ url, body, isOwners }: FetchRequest, timeout: number) {
  const target = new URL(url);
  if (target.protocol !== 'http:') throw new Error('it is no http address');
  const signal = AbortSignal.timeout(timeout);
  const address = await addressOf(target.hostname, isOwners, signal);
  return exchange(target, address, body, signal);
}

/** The address that is connected to is the one that was judged: a name may change its meaning in between. */
async function addressOf(
  hostname: string,
  isOwners: boolean,
  signal: AbortSignal,
): Promise<string> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const found = isIP(host)
    ? [{ address: host }]
    : await within(lookup(host, { all: true }), signal);
  const usable = found.find(({ address }) => isOwners || !isOfHome(address));
  if (usable) return usable.address;
  throw new Error('it leads into a private network, and it stood in a certificate');
}

function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((done, failed) => {
    signal.addEventListener('abort', () => failed(new Error('no answer in time')), { once: true });
    promise.then(done, failed);
  });
}

function exchange(
  target: URL,
  address: string,
  body: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return new Promise((done, failed) => {
    const headers = {
      Host: target.host,
      ...(body
        ? { 'Content-Type': 'application/ocsp-request', 'Content-Length': body.length }
        : {}),
    };
    const { port, pathname, search } = target;
    const asked = request({
      host: address,
      port: port === '' ? 80 : Number(port),
      path: `${pathname}${search}`,
      method: body ? 'POST' : 'GET',
      headers,
      agent: false,
      signal,
    });
    asked.on('error', (error) => {
      failed(signal.aborted ? new Error('no answer in time') : error);
    });
    asked.on('response', (response) => {
      const { statusCode } = response;
      if (statusCode !== 200) {
        asked.destroy();
        failed(new Error(`the server answers ${statusCode}`));
        return;
      }
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > mostBytes) asked.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.on('error', failed);
      response.on('end', () => done(new Uint8Array(Buffer.concat(chunks))));
    });
    asked.end(body);
  });
}

/** Loopback, private, link-local, shared (RFC 6598), and what is no host's address. */
function isOfHome(address: string): boolean {
  return home.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const networks = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.168.0.0/16', '224.0.0.0/3'],
  // With the forms that carry an IPv4 address inside: mapped, NAT64, 6to4.
  ...['::/8', '64:ff9b::/16', '2002::/16', 'fc00::/7', 'fe80::/9', 'ff00::/8'],
] as const;
const home = new BlockList();
for (const network of networks) {
  const [address = '', bits] = network.split('/');
  home.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
}

/** As much as the reader of a CRL takes. */
const mostBytes = 1 << 20;
