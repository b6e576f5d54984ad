// One-time links: a page in the LAN that gives a profile away once, and is gone then.
import * as z from 'zod/mini';
import type { LinkFacts } from '../links.ts';
import { type MethodTable, method, Refused } from '../method.ts';

const word = z.string().check(z.minLength(1), z.maxLength(253));
const facts = {
  id: z.string(),
  device: z.string(),
  format: z.string(),
  /** Seconds since 1970. */
  expires: z.number(),
};
export const linkShape = z.object({ ...facts, url: z.string(), secure: z.boolean() });
const linksShape = z.object({ links: z.array(z.object(facts)) });
const linkDeletedShape = z.object({ deleted: z.string() });

export const linkMethods: MethodTable = {
  link_create: method({
    summary: 'A page in the LAN that gives the profile of a device away once',
    access: 'write',
    params: z.strictObject({
      name: word,
      format: word,
      minutes: z._default(z.int().check(z.minimum(1), z.maximum(60)), 10),
      renew: z._default(z.boolean(), false),
      unsigned: z._default(z.boolean(), false),
      post_quantum: z._default(z.boolean(), false),
    }),
    result: linkShape,
    async run({ links }, { unsigned, post_quantum, ...request }) {
      const wish = { ...request, isUnsigned: unsigned, isPostQuantum: post_quantum };
      const { isSecure: secure, ...link } = await links.create(wish);
      return { ...link, secure };
    },
  }),
  links: method({
    summary: 'Links that were not used yet, without what opens them',
    access: 'read',
    params: z.strictObject({}),
    result: linksShape,
    run: ({ links }) => ({ links: links.list().map((link: LinkFacts) => ({ ...link })) }),
  }),
  link_delete: method({
    summary: 'Take a link back before it was used',
    access: 'write',
    params: z.strictObject({ id: word }),
    result: linkDeletedShape,
    run({ links }, { id }) {
      if (links.remove(id)) return { deleted: id };
      throw new Refused('there is no such link: it was used, or its time is over');
    },
  }),
};
