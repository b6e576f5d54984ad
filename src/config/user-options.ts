// The sections of those who log in: users, and the devices that they own.
import * as z from 'zod/mini';
import { defaulted, list, optional, required } from '../schema/describe.ts';
import { flag, ipAddress, line, oneOf, sectionName, wholeNumber } from '../schema/kinds.ts';
import { sectionType } from './section-type.ts';
import {
  expiry,
  moment,
  password,
  passwordHash,
  platforms,
  serialNumber,
  userName,
} from './user-values.ts';

const secrets = {
  password: optional(password, 'Password.', 'nthash stands for it'),
  nthash: optional(
    passwordHash,
    'NT hash of the password, so that the file does not show it; whoever has it can log in with it.',
    'it is made of the password',
  ),
};
const address = list(
  ipAddress,
  'The address inside the tunnel, one IPv4 and one IPv6 at the most; nobody else gets it, and it need not be in the pool.',
  'one of the pool',
);

export const user = sectionType({
  head: "config user 'NAME'",
  help: 'Somebody who may log in by EAP, or as whom an initiator logs in elsewhere.',
  options: z.object({
    name: required(userName, 'User name; upper and lower case make no difference.'),
    ...secrets,
    enabled: defaulted(flag, '1', 'Whether the user may log in, and the devices that are theirs.'),
    expires: optional(
      expiry,
      'Last day on which the user may log in (UTC), or the time at which that ends; tunnels end then.',
      'never',
    ),
    connection: optional(
      sectionName,
      'The one connection that this user is for; one with role initiator logs in as this user.',
      'every connection with role responder',
    ),
    address,
    max_devices: optional(
      wholeNumber(1, 64),
      'Devices that the user may have, and connections with the password of the user at one time.',
      'any number of devices, and 8 connections',
    ),
  }),
  later: [],
});

export const device = sectionType({
  head: "config device 'NAME'",
  help: 'A device with a password or certificate of its own, so that it can be revoked alone.',
  options: z.object({
    name: required(userName, 'What it logs in as.'),
    owner: optional(
      userName,
      'Name of the user whose device it is; when that user may not log in, it may not.',
      'nobody',
    ),
    platform: optional(oneOf(platforms), 'What kind of system it has.', 'unknown'),
    auth: defaulted(
      oneOf(['password', 'certificate']),
      'password',
      'How it proves which device it is.',
    ),
    ...secrets,
    former_nthash: optional(
      passwordHash,
      'NT hash of the password before, which lets in until former_until; the gateway writes it when it makes a new one for a router.',
      'none',
    ),
    former_until: optional(moment, 'Until when former_nthash lets in.', 'it lets nobody in'),
    certificate: optional(
      serialNumber,
      'Serial number of its certificate, which the home CA issued, or where there is none another authority.',
    ),
    address,
    routing: defaulted(
      oneOf(['all', 'home']),
      'all',
      'What it sends through the tunnel: everything, or what is for home_net of the service alone; it reaches nothing else then.',
    ),
    on_demand: defaulted(
      flag,
      '0',
      'Whether its profile connects by itself away from home_wifi of the service.',
    ),
    profile: optional(
      line,
      'The format that it was given last and what that was made of, so that a stale profile is noticed; the gateway writes it.',
      'none was given',
    ),
    created: optional(moment, 'When it was added.', 'unknown'),
    expires: optional(
      expiry,
      'Last day on which it may connect (UTC), or the time at which that ends; tunnels end then.',
      'never',
    ),
    revoked: optional(moment, 'When it was revoked: from then on it may not connect.', 'never'),
  }),
  later: [],
});
