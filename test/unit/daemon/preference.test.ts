import { expect, test } from 'vitest';
import { gather } from '../../../src/daemon/gather.ts';
import { forProcessor } from '../../../src/daemon/preference.ts';

const text = `
config service 'main'
	option identity 'vpn.example.org'
config pool 'guests'
	list range '10.10.10.0/24'
config psk 'one'
	option secret 'correct horse battery'
config connection 'prepared'
	option local_auth 'psk'
	option pool 'guests'
config connection 'chosen'
	option local_auth 'psk'
	option pool 'guests'
	list esp 'aes256gcm16-chacha20poly1305'
`;
const configFile = '/etc/config/ikev2';
const { gathered, problems } = gather(configFile, (path) => {
  if (path === configFile) return new TextEncoder().encode(text);
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
});

const first = (aesUnit: boolean) => {
  if (!gathered) throw new Error(JSON.stringify(problems));
  const { connections } = forProcessor(gathered, { aesUnit }).policy;
  return Object.fromEntries(
    connections.map(({ name, esp }) => [name, esp[0]?.encr[0]?.keyword] as const),
  );
};

test('ChaCha20 goes first where the processor has no AES, unless somebody chose', () => {
  expect(first(true)).toEqual({ prepared: 'aes256gcm16', chosen: 'aes256gcm16' });
  expect(first(false)).toEqual({ prepared: 'chacha20poly1305', chosen: 'aes256gcm16' });
});
