// Configurations of other programs. Where no daemon runs, `ikectl` performs the same method on the file itself.
import * as z from 'zod/mini';
import type { DaemonApi } from '../api.ts';
import { type Callable, method } from '../method.ts';

export const importedShape = z.object({
  written: z.boolean(),
  sections: z.array(z.string()),
  text: z.string(),
  remarks: z.array(
    z.object({ section: z.string(), option: z.optional(z.string()), why: z.string() }),
  ),
});

/** As much of a daemon as this method needs. */
export type ImportOwner = Pick<DaemonApi, 'imports'>;

export const importMethods: Readonly<Record<string, Callable<ImportOwner>>> = {
  config_import: method({
    summary: "Take over the text of strongSwan's /etc/config/ipsec, and say what could not be",
    access: 'write',
    params: z.strictObject({
      content: z.string().check(z.minLength(1), z.maxLength(256 * 1024)),
      dry_run: z._default(z.boolean(), false),
      force: z._default(z.boolean(), false),
    }),
    result: importedShape,
    async run({ imports }: ImportOwner, { content, dry_run: isTrial, force }) {
      const { isWritten, sections, text, remarks } = await imports.importStrongswan({
        ...{ content, isTrial, force },
      });
      return { written: isWritten, sections: [...sections], text, remarks: [...remarks] };
    },
  }),
};
