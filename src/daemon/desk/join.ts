// `ikectl join`: takes in what another router gave this one, so that it dials there as a device and reaches the networks at
// home.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setOptions } from '../../config/edit.ts';
import { parseUci } from '../../config/uci.ts';
import { afterJoining, type Invitation, readJoinText } from '../../onboard/join.ts';
import { readCertificateFile } from '../../pki/pem.ts';
import type { JoinedFacts } from '../../rpc/accounts.ts';
import { Refused } from '../../rpc/method.ts';
import { writeAtomically } from '../atomic-file.ts';
import { edit, tried } from './account-sections.ts';
import { configurationOf, type DeskPlace, readText } from './place.ts';

/** Joining the same gateway again replaces what was there. @throws Refused */
export async function joinGateway(text: string, place: DeskPlace): Promise<JoinedFacts> {
  const invitation = readJoinText(text);
  if (!invitation)
    throw new Refused('that is no join text: copy the whole file of the other router');
  const { folder, zone } = configurationOf(place).service;
  const name = sectionOf(invitation.gateway);
  const file = join(folder, `${name}.pem`);
  const authority = certificateIn(invitation);
  const change = (before: string): string => joined(before, name, invitation, authority && file);
  refuseOther(readText(place.configFile), name);
  if (authority) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeAtomically(file, authority);
  }
  tried(place, change);
  await edit(place, change);
  const { gateway, networks } = invitation;
  return { connection: name, gateway, networks, steps: afterJoining(invitation, zone) };
}

function joined(
  before: string,
  name: string,
  { gateway, userName, password, networks }: Invitation,
  authority: string | undefined,
): string {
  const withUser = setOptions(
    before,
    { type: 'user', name: `${name}_login` },
    { name: userName, password, connection: name },
  );
  const withAuthority = authority
    ? setOptions(
        withUser,
        { type: 'authority', name: `${name}_ca` },
        { file: authority, vouches_for: 'servers' },
      )
    : withUser;
  const reached = networks.length > 0 ? networks : ['0.0.0.0/0', '::/0'];
  return setOptions(
    withAuthority,
    { type: 'connection', name },
    {
      ...{ role: 'initiator', remote: [gateway], remote_id: gateway },
      ...{ local_auth: 'eap-mschapv2', remote_auth: ['pubkey'], eap_id: userName },
      ...{ virtual_ip: ['0.0.0.0', '::'], remote_ts: reached, start: 'start' },
    },
  );
}

/** @throws Refused where it holds something else */
function certificateIn({ authority }: Invitation): string | undefined {
  if (authority === undefined) return undefined;
  const found = readCertificateFile(Buffer.from(authority, 'latin1'));
  if (found?.length === 1) return authority;
  throw new Refused('the authority in the join text cannot be read: make a new one there');
}

/** @throws Refused where the name belongs to something that did not come from a join */
function refuseOther(text: string, name: string): void {
  const own = parseUci(text).sections.find((section) => section.name === name);
  const role = own?.options.get('role');
  if (!own || (own.type === 'connection' && role !== undefined)) return;
  throw new Refused(`there is a section '${name}' already that is something else: rename it`);
}

const sectionOf = (gateway: string): string => `to_${gateway.replace(/\W/g, '_').slice(0, 36)}`;
