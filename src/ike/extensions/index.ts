// The extensions, in the order in which they contribute: the one registration line of each.
import { additionalAddresses } from './additional-addresses.ts';
import { authLifetime } from './auth-lifetime.ts';
import { childless } from './childless.ts';
import type { Extension } from './extension.ts';
import { fragmentation } from './fragmentation.ts';
import { mobike } from './mobike.ts';
import { multiKe } from './multi-ke.ts';
import { multipleAuth } from './multiple-auth.ts';
import { natDetection } from './nat-detection.ts';
import { ppk } from './ppk.ts';
import { redirect } from './redirect.ts';
import { signatureHash } from './signature-hash.ts';

export const extensions: readonly Extension[] = [
  natDetection,
  fragmentation,
  ppk,
  multiKe,
  signatureHash,
  mobike,
  additionalAddresses,
  authLifetime,
  childless,
  multipleAuth,
  redirect,
];
