// One-time links of the running service: where they are served follows from the configuration in use.
import { randomFillSync } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { parseIp, type SocketAddress } from '../../base/ip.ts';
import type { ServiceSettings } from '../../config/configuration.ts';
import type { AccountDesk } from '../../rpc/accounts.ts';
import { Refused } from '../../rpc/method.ts';
import { webCertificate } from '../web-certificate.ts';
import { lanAddress, openLinkDoor } from './door.ts';
import { Links } from './links.ts';

export function serveLinks(
  accounts: AccountDesk,
  settings: () => Pick<ServiceSettings, 'links' | 'device'>,
): Links {
  return new Links({
    accounts,
    random: (bytes) => randomFillSync(new Uint8Array(bytes)),
    now: Date.now,
    after(ms, run) {
      const timer = setTimeout(run, ms).unref();
      return () => clearTimeout(timer);
    },
    openDoor: async (answer) =>
      openLinkDoor({ at: placeOf(settings()), tls: webCertificate(), answer }),
  });
}

/** @throws Refused where there is no place */
function placeOf({ links, device }: Pick<ServiceSettings, 'links' | 'device'>): SocketAddress {
  if (links === 'none') throw new Refused('links are switched off: option links of the service');
  if (links !== 'auto') return links;
  const all = Object.entries(networkInterfaces()).flatMap(([name, each]) =>
    (each ?? []).flatMap(({ address, internal }) => {
      const ip = internal || name === device ? undefined : parseIp(address);
      return ip ? [{ device: name, ip }] : [];
    }),
  );
  const ip = lanAddress(all);
  if (ip) return { ip, port: usualPort };
  throw new Refused('the router has no address in a LAN: name one in option links of the service');
}

const usualPort = 8501;
