import { expect, test } from 'vitest';
import { fromText } from '../../../../src/base/bytes.ts';
import { EapType } from '../../../../src/iana/eap.ts';
import { eapMethod } from '../../../../src/ike/eap/index.ts';
import type { EapMethodRow } from '../../../../src/ike/eap/method.ts';
import { answered } from './answered.ts';
import { anna, password, peerSetting, serverSetting } from './settings.ts';

const gtc = eapMethod('eap-gtc') as EapMethodRow;

test('the table knows a method by its name and by its type, and no other', () => {
  expect(eapMethod(EapType.GTC)).toBe(gtc);
  expect(eapMethod(EapType.MD5_CHALLENGE)).toBeUndefined();
});

test('EAP-GTC lets in who knows the password, without a key', () => {
  const server = gtc.server(serverSetting());
  expect(answered(server.begin(1))).toMatchObject({ kind: 'send' });

  expect(answered(server.receive(fromText(password), 2))).toEqual({
    kind: 'end',
    end: {
      kind: 'success',
      outcome: {
        identities: [anna],
        msk: undefined,
        grant: { connections: undefined },
      },
    },
  });
});

test.each(['', 'clientpass', 'clientPass ', 'x'.repeat(70_000)])(
  'EAP-GTC refuses a wrong password (%#)',
  (wrong) => {
    const server = gtc.server(serverSetting());
    answered(server.begin(1));

    expect(answered(server.receive(fromText(wrong), 2))).toMatchObject({
      end: { kind: 'failure' },
    });
  },
);

test('EAP-GTC as a peer tells the password to a server that proved itself', () => {
  const peer = gtc.peer(peerSetting());

  expect(answered(peer.receive(fromText('Password'), 1))).toMatchObject({
    kind: 'send',
    data: fromText(password),
    end: { kind: 'success' },
  });
});

test.each([
  ['to a stranger', { isServerProven: false }],
  ['that it has not', { password: undefined }],
])('EAP-GTC as a peer tells no password %s', (_, change) => {
  const peer = gtc.peer(peerSetting(change));

  expect(answered(peer.receive(fromText('Password'), 1))).toMatchObject({
    kind: 'end',
    end: { kind: 'failure' },
  });
});
