import { describe, expect, test } from 'vitest';
import { fromText, toText } from '../../../src/base/bytes.ts';
import { type Usable, whyStale } from '../../../src/config/diff.ts';
import { loadConfiguration } from '../../../src/config/load.ts';
import { readPpkFile } from '../../../src/config/ppks.ts';

const file = { id: fromText('anna'), peers: [], file: '/etc/ikev2/ppk', section: 'ppk', line: 7 };
const key = '0sAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';

describe('the file of a PPK', () => {
  test('holds one line in the notation of a secret, and is wiped when it was read', () => {
    const bytes = fromText(`${key}\n`);
    const { ppk, problems } = readPpkFile(file, bytes);
    expect(problems).toEqual([]);
    expect(ppk?.secret.bytes).toEqual(Uint8Array.from({ length: 32 }, (_, i) => i));
    expect(new Set(bytes)).toEqual(new Set([0]));
  });

  test.each(['', '\n', '0x123', '0s===='])('is refused where it holds %j', (text) => {
    const { ppk, problems } = readPpkFile(file, fromText(text));
    expect(ppk).toBeUndefined();
    expect(problems).toMatchObject([{ severity: 'error', option: 'file', line: 7 }]);
    expect(JSON.stringify(problems)).not.toContain('0x123');
  });

  test('is taken where its secret is short, and that is said', () => {
    const { ppk, problems } = readPpkFile(file, fromText('short'));
    expect(ppk && toText(ppk.secret.bytes)).toBe('short');
    expect(problems).toMatchObject([{ severity: 'warning', why: /has 5 bytes/ }].map(matching));
  });
});

describe('a tunnel with a PPK', () => {
  const text = (secret: string, id = 'anna') => `
config connection 'phones'
	option local_auth psk
	option local_id 'home.example'
	option psk 'correct horse battery staple'

config ppk 'x'
	option id '${id}'
	option secret '${secret}'
`;
  const usable = (config: string): Usable => {
    const { configuration, problems } = loadConfiguration(config);
    if (!configuration) throw new Error(JSON.stringify(problems));
    const policy = { ...configuration.policy, certificates: [], authorities: [] };
    return { configuration, policy, store: { revoked: new Set() } };
  };
  const sa = { connection: 'phones', peer: 'anna@example.org', certificate: undefined };
  const other = `0x${'ab'.repeat(32)}`;

  test.each([
    ['its secret is another', 'anna', text(other), 'its PPK changed'],
    ['it went', 'anna', text(key, 'bert'), 'its PPK changed'],
    ['nothing changed', 'anna', text(key), undefined],
    ['it never had one', undefined, text(other), undefined],
    [
      'one is demanded',
      'anna',
      text(key).replace('option local_id', 'option ppk_required 1\n\toption local_id'),
      'its connection changed (ppk_required)',
    ],
  ])('when %s', (_, ppk, next, why) => {
    expect(whyStale({ ...sa, ppk }, usable(text(key)), usable(next))).toBe(why);
  });
});

const matching = <T extends { readonly why: RegExp }>(one: T) => ({
  ...one,
  why: expect.stringMatching(one.why),
});
