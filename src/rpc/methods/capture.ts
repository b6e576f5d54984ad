// Captures: what one peer sends and gets, IKE and ESP, as a file for Wireshark. Whoever may only look hears of them, but
// gets none: a file holds who talks with whom, and with keys all that was said.
import * as z from 'zod/mini';
import type { CaptureFacts } from '../captures.ts';
import { type MethodTable, method, Refused } from '../method.ts';

const captureShape = z.object({
  id: z.string(),
  peer: z.string(),
  state: z.enum(['running', 'finished', 'failed']),
  /** Why it is over: `time`, `stopped` or `full`. */
  why: z.optional(z.string()),
  /** Why there are no files. */
  fault: z.optional(z.string()),
  /** Seconds since 1970: when it began, and when it ends or its files are removed. */
  since: z.number(),
  until: z.number(),
  packets: z.number(),
  bytes: z.number(),
  /** ESP packets that there was no room to copy. */
  missed: z.number(),
  keys: z.boolean(),
  files: z.array(z.object({ name: z.string(), bytes: z.number() })),
});
export type CaptureView = z.infer<typeof captureShape>;
export const captureStartedShape = z.object({ capture: captureShape });
export const capturesShape = z.object({ captures: z.array(captureShape) });
export const pieceShape = z.object({
  /** In base64. */
  content: z.string(),
  /** Where the next piece begins; absent after the last. */
  next: z.optional(z.number()),
});

const word = z.string().check(z.minLength(1), z.maxLength(253));
const upTo = (most: number, usual: number) =>
  z._default(z.int().check(z.minimum(1), z.maximum(most)), usual);

export const captureMethods: MethodTable = {
  capture_start: method({
    summary: 'Record the IKE and ESP packets of one peer, by its address or its name',
    access: 'write',
    params: z.strictObject({
      peer: word,
      seconds: upTo(600, 60),
      packets: upTo(20_000, 20_000),
      bytes: upTo(4 * 1024 * 1024, 2 * 1024 * 1024),
      keys: z._default(z.boolean(), false),
    }),
    result: captureStartedShape,
    run: ({ captures }, { keys: withKeys, ...request }) => ({
      capture: viewCapture(captures.start({ ...request, withKeys })),
    }),
  }),
  capture_stop: method({
    summary: 'End the capture that runs, and write its file',
    access: 'write',
    params: z.strictObject({}),
    result: captureStartedShape,
    run: ({ captures }) => ({ capture: viewCapture(captures.stop()) }),
  }),
  captures: method({
    summary: 'The capture that runs, and those whose files are there',
    access: 'read',
    params: z.strictObject({}),
    result: capturesShape,
    run: ({ captures }) => ({ captures: captures.list().map(viewCapture) }),
  }),
  capture_fetch: method({
    summary: 'A piece of a file of a capture',
    access: 'write',
    params: z.strictObject({
      id: word,
      file: word,
      offset: z._default(z.int().check(z.minimum(0)), 0),
    }),
    result: pieceShape,
    run({ captures }, { id, file, offset }) {
      const { content, next } = captures.fetch(id, file, offset);
      const encoded = Buffer.from(content).toString('base64');
      return { content: encoded, ...(next === undefined ? {} : { next }) };
    },
  }),
  capture_delete: method({
    summary: 'Remove a capture and its files',
    access: 'write',
    params: z.strictObject({ id: word }),
    result: z.object({ deleted: z.string() }),
    run({ captures }, { id }) {
      if (captures.remove(id)) return { deleted: id };
      throw new Refused('there is no such capture: its files were removed');
    },
  }),
};

function viewCapture({ withKeys: keys, why, fault, files, ...facts }: CaptureFacts): CaptureView {
  return {
    ...facts,
    ...(why === undefined ? {} : { why }),
    ...(fault === undefined ? {} : { fault }),
    keys,
    files: files.map((file) => ({ ...file })),
  };
}
