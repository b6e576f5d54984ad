// `ikectl device link`: a page that gives a profile away once, as an address and as a QR code for a camera.
import { renderUnicodeCompact } from 'uqr';
import * as z from 'zod/mini';
import { linkShape } from '../methods/links.ts';
import type { Surroundings } from './command.ts';
import { formatTime } from './text.ts';

export async function showLink(
  params: { readonly name: string; readonly format: string },
  minutes: number | undefined,
  around: Surroundings,
): Promise<void> {
  const asked = minutes === undefined ? params : { ...params, minutes };
  const { url, secure, expires } = z.parse(linkShape, await around.call('link_create', asked));
  around.print(renderUnicodeCompact(url, { border: 2 }));
  around.print(
    `${url}\nIt works once, from this network, until ${formatTime(expires, around.now())}.`,
  );
  if (!secure)
    around.print('It goes over the network unencrypted: the router has no web certificate.');
}
