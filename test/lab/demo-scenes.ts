// The demonstration's two ways to prove who one is, each for our gateway and for strongSwan in its place.
import { Authority, type Credential } from './certificates.ts';
import { type AnyGateway, Gateway } from './gateway.ts';
import type { Home } from './home.ts';
import {
  basics,
  certificateFiles,
  certificateGuests,
  presharedKey,
  pskGuests,
} from './household.ts';
import { gatewayName, type Login, SUITE } from './phone.ts';
import { SwanGateway } from './swan-gateway.ts';

export interface Scene {
  readonly title: string;
  readonly login: Login;
  /** Who the gateway should say has come in. */
  readonly peer: string;
  readonly startGateway: (home: Home) => Promise<AnyGateway>;
}

/** @param foreign strongSwan in our gateway's place */
export function pskScene(foreign: boolean): Scene {
  const login = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;
  return {
    title: 'pre-shared key',
    login,
    peer: login.id,
    startGateway: (home) => {
      if (foreign) {
        return SwanGateway.start(home, {
          ...SUITE,
          local: { auth: 'psk', id: gatewayName },
          remote: { auth: 'psk', id: login.id },
          secrets: { 'ike-anna': { id: login.id, secret: login.secret } },
        });
      }
      const sections = [...basics(), pskGuests(), presharedKey(login.id, login.secret)];
      return Gateway.start(home.lab, home.router, sections, { name: 'gateway-psk' });
    },
  };
}

/** @param foreign strongSwan in our gateway's place */
export function certificateScene(foreign: boolean): Scene {
  const authority = new Authority();
  const server = authority.issue({
    dn: `C=CH, O=Home, CN=${gatewayName}`,
    san: [gatewayName],
    purpose: 'serverAuth',
  });
  const dn = 'C=CH, O=Home, CN=anna';
  const credential = authority.issue({ dn, purpose: 'clientAuth' });
  return {
    title: 'certificate',
    login: { kind: 'certificate', id: dn, credential, authority: authority.certificate },
    peer: dn,
    startGateway: (home) =>
      foreign
        ? startForeign(home, server, authority.certificate)
        : Gateway.start(
            home.lab,
            home.router,
            [
              ...basics(),
              certificateGuests(),
              ...certificateFiles(home.lab, server, authority.certificate),
            ],
            { name: 'gateway-certificate' },
          ),
  };
}

function startForeign(home: Home, server: Credential, authority: string): Promise<SwanGateway> {
  return SwanGateway.start(home, {
    ...SUITE,
    local: { auth: 'pubkey', id: gatewayName, certs: 'own.pem' },
    remote: { auth: 'pubkey', cacerts: 'ca.pem' },
    files: {
      authorities: { 'ca.pem': authority },
      certificates: { 'own.pem': server.certificate },
      keys: { 'own.pem': server.key },
    },
  });
}
