// EAP inside a TLS tunnel (RFC 5281 §11.2.1, MS-PEAP §3.1.5): a conversation of its own, of which the tunnel carries
// the packets. Nothing that the outer identity said counts in it.
import { gtc } from './gtc.ts';
import type { PeerSetting, ServerSetting } from './method.ts';
import { mschapv2 } from './mschapv2.ts';
import { EapPeer } from './peer.ts';
import { EapServer } from './server.ts';

/** @param identifier of the last packet outside; the first inside counts on from it */
export function innerServer(setting: ServerSetting, identifier: number): EapServer {
  const methods = () => rows;
  return new EapServer({
    setting,
    identifier,
    asksIdentity: true,
    methods,
    refusal: () => undefined,
  });
}

/** The server has proved itself by its certificate when the tunnel stands. */
export function innerPeer(setting: PeerSetting): EapPeer {
  return new EapPeer({ ...setting, isServerProven: true }, rows);
}

/** What a tunnel may hold, best first. */
const rows = [mschapv2, gtc] as const;
