// EAP-TTLS and PEAP: a password inside TLS.
import { beforeAll, describe, expect, test } from 'vitest';
import { concat, fromText, toHex } from '../../../../src/base/bytes.ts';
import { Secret } from '../../../../src/base/secret.ts';
import { EapType } from '../../../../src/iana/eap.ts';
import { type Avp, encodeAvps } from '../../../../src/ike/eap/avp.ts';
import { eapMethod } from '../../../../src/ike/eap/index.ts';
import type { EapEnd, EapMethodRow, EapStep, PeerSetting } from '../../../../src/ike/eap/method.ts';
import { TlsTalk } from '../../../../src/ike/eap/tls-talk.ts';
import { formatIdentity, parseIdentityPattern } from '../../../../src/policy/identity.ts';
import { WireError } from '../../../../src/wire/codec.ts';
import { EapOutside, ownOf } from '../../../lab/eap-outside.ts';
import { issue, type LabCertificate, makeCa } from '../../../lab/pki.ts';
import { converse } from './conversation.ts';
import { password, peerSetting, serverSetting } from './settings.ts';

const rows = (['eap-ttls', 'eap-peap'] as const).map((name) => eapMethod(name) as EapMethodRow);
let ca: LabCertificate;
let gateway: LabCertificate;
beforeAll(async () => {
  ca = await makeCa();
  gateway = await issue(ca, { san: ['vpn.example.org'], eku: ['serverAuth'] });
});

function pair(row: EapMethodRow, change: Partial<PeerSetting> = {}, trusted = [ca]) {
  const outside = new EapOutside(trusted, [gateway]);
  const { closeTls } = outside;
  // The outer name is another: whoever looks at it has not understood.
  const server = row.server(
    serverSetting({ closeTls, certificate: ownOf(gateway), identity: fromText('boss') }),
  );
  const peer = row.peer(peerSetting({ closeTls, isServerProven: false, ...change }));
  return { outside, server, peer };
}
const mskOf = (end: EapEnd | undefined) =>
  end?.kind === 'success' && end.outcome.msk ? toHex(end.outcome.msk.bytes) : undefined;
const identitiesOf = (end: EapEnd | undefined) =>
  end?.kind === 'success' ? end.outcome.identities.map(formatIdentity) : undefined;
const pattern = (text: string) => {
  const read = parseIdentityPattern(text);
  if (!read) throw new Error(text);
  return read;
};

describe.each(rows)('$name', (row) => {
  test('ends with the same MSK on both sides', async () => {
    const { outside, server, peer } = pair(row);
    const ended = await converse(outside, server, peer);
    expect(mskOf(ended.server)).toMatch(/^[0-9a-f]{128}$/);
    expect(mskOf(ended.peer)).toBe(mskOf(ended.server));
  });

  test('gives the identity that proved itself inside, never the outer (pitfall 38, attack 7)', async () => {
    const { outside, server, peer } = pair(row);
    const ended = await converse(outside, server, peer);
    expect(identitiesOf(ended.server)).toEqual(['anna']);
    expect(ended.server).toMatchObject({
      outcome: { grant: { connections: undefined } },
    });
  });

  test.each([
    ['a wrong password', { password: new Secret(fromText('guess')) }],
    ['an unknown user', { identity: fromText('boss') }],
  ])('refuses %s', async (_, change) => {
    const { outside, server, peer } = pair(row, change);
    const ended = await converse(outside, server, peer);
    expect(ended.server?.kind).toBe('failure');
    expect(ended.peer?.kind).toBe('failure');
  });

  test('tells the password to no server of another authority', async () => {
    const { outside, server, peer } = pair(row, {}, [await makeCa({ name: 'CN=Other' })]);
    const ended = await converse(outside, server, peer);
    expect(ended.peer).toMatchObject({ kind: 'failure' });
    expect(ended.packets.length).toBeLessThanOrEqual(5);
  });

  test('tells the password to no server with another name', async () => {
    const { outside, server, peer } = pair(row, { serverId: pattern('other.example.org') });
    const ended = await converse(outside, server, peer);
    expect(ended.peer).toMatchObject({ why: expect.stringContaining('another name') });
  });

  test('never lets both succeed with one byte of any packet changed', async () => {
    const reference = pair(row);
    const { packets } = await converse(reference.outside, reference.server, reference.peer);
    for (let at = 1; at < packets.length; at++) {
      const { outside, server, peer } = pair(row);
      const flip = (data: Uint8Array, now: number) =>
        now === at ? data.map((byte, i) => (i === data.length - 1 ? byte ^ 0x21 : byte)) : data;
      const ended = await converse(outside, server, peer, flip).catch((error: unknown) => {
        expect(error).toBeInstanceOf(WireError);
      });
      expect(mskOf(ended?.server) !== undefined && mskOf(ended?.peer) !== undefined).toBe(false);
    }
  });

  test('gives its TLS connections back', async () => {
    const { outside, server, peer } = pair(row);
    await converse(outside, server, peer);
    server.wipe();
    peer.wipe();
    expect(outside.sessions.size).toBe(0);
  });
});

/** A peer that speaks TLS and says what it likes inside. */
async function inside(row: EapMethodRow) {
  const { outside, server } = pair(row);
  const setting = peerSetting({ closeTls: outside.closeTls });
  const talk = new TlsTalk({
    setting,
    opening: { role: 'client', own: undefined },
    type: row.type,
  });
  let step: EapStep = await outside.run(server.begin(1));
  const hear = async (): Promise<Uint8Array | undefined> => {
    for (let round = 0; step.kind === 'send' && round < 40; round++) {
      const heard = await outside.run(talk.receive(step.data));
      if (heard.kind === 'heard') return heard.data;
      if (heard.kind !== 'send') throw new Error(JSON.stringify(heard));
      step = await outside.run(server.receive(heard.data, 2));
    }
    return undefined;
  };
  const say = async (data: Uint8Array): Promise<EapStep> => {
    const said = await outside.run(talk.say(data));
    if (said.kind !== 'send') throw new Error(JSON.stringify(said));
    step = await outside.run(server.receive(said.data, 2));
    return step;
  };
  await hear();
  return { outside, talk, say, hear };
}
const avp = (code: number, data: Uint8Array, vendor = 0, isMandatory = true): Avp => ({
  code,
  vendor,
  isMandatory,
  data,
});

describe('inside EAP-TTLS', () => {
  const [ttls] = rows as [EapMethodRow];

  test('PAP logs in with the right password, padded or not', async () => {
    for (const padded of [password, password.padEnd(16, '\0'), password.padEnd(128, '\0')]) {
      const { say } = await inside(ttls);
      const step = await say(encodeAvps([avp(1, fromText('anna')), avp(2, fromText(padded))]));
      expect(step).toMatchObject({ kind: 'end', end: { kind: 'success' } });
    }
  });

  test.each(['', 'clientpass', `${password}x`])('PAP refuses «%s»', async (wrong) => {
    const { say } = await inside(ttls);
    const step = await say(encodeAvps([avp(1, fromText('anna')), avp(2, fromText(wrong))]));
    expect(step).toMatchObject({ kind: 'end', end: { kind: 'failure' } });
  });

  test('MS-CHAP-V2 over another challenge than that of the tunnel is refused', async () => {
    const { say } = await inside(ttls);
    const answer = [
      avp(1, fromText('anna')),
      avp(11, new Uint8Array(16), 311),
      avp(25, new Uint8Array(50), 311),
    ];
    expect(await say(encodeAvps(answer))).toMatchObject({
      end: { kind: 'failure', why: expect.stringContaining('challenge') },
    });
  });

  test('an attribute that nobody knows is refused where it is mandatory, and passed over else', async () => {
    const pap = [avp(1, fromText('anna')), avp(2, fromText(password))];
    const odd = fromText('odd');
    const strict = await inside(ttls);
    expect(await strict.say(encodeAvps([...pap, avp(4242, odd)]))).toMatchObject({
      end: { kind: 'failure' },
    });
    const lax = await inside(ttls);
    expect(await lax.say(encodeAvps([...pap, avp(4242, odd, 0, false)]))).toMatchObject({
      end: { kind: 'success' },
    });
  });

  test.each([
    ['garbage', Uint8Array.of(1, 2, 3)],
    [
      'an EAP packet that lies about its length',
      encodeAvps([avp(79, Uint8Array.of(2, 0, 0, 99, 1))]),
    ],
    ['an empty EAP packet', encodeAvps([avp(79, new Uint8Array(0))])],
  ])('%s is refused', async (_, bytes) => {
    const { say } = await inside(ttls);
    await expect(say(bytes)).rejects.toThrow(WireError);
  });

  test.each([
    ['a success of EAP', Uint8Array.of(3, 0, 0, 4)],
    ['a request', Uint8Array.of(1, 0, 0, 5, 1)],
    ['a method before the name', Uint8Array.of(2, 0, 0, 6, EapType.GTC, 0x61)],
  ])('%s is refused (pitfall 37)', async (_, bytes) => {
    const { say } = await inside(ttls);
    expect(await say(encodeAvps([avp(79, bytes)]))).toMatchObject({ end: { kind: 'failure' } });
  });
});

describe('inside PEAP', () => {
  const peap = rows[1] as EapMethodRow;
  const success = Uint8Array.of(2, 9, 0, 11, EapType.EXTENSIONS, 0x80, 3, 0, 2, 0, 1);

  /** The server has asked who is there. */
  const begun = async () => {
    const peer = await inside(peap);
    await peer.say(new Uint8Array(0));
    expect(await peer.hear()).toEqual(new Uint8Array(0)); // tickets of TLS 1.3
    await peer.say(new Uint8Array(0));
    expect(await peer.hear()).toEqual(Uint8Array.of(EapType.IDENTITY));
    return peer;
  };

  test('a result before the method is over is refused (pitfall 37)', async () => {
    for (const first of [[], [fromText('\x01anna')]]) {
      const { say, hear } = await begun();
      for (const data of first) {
        await say(data);
        await hear();
      }
      await say(success);
      expect(toHex((await hear()) ?? new Uint8Array(0))).toMatch(/21800300020002$/);
      expect(await say(success)).toMatchObject({ kind: 'end', end: { kind: 'failure' } });
    }
  });

  test('who wants GTC gets it, who then wants another gets nothing', async () => {
    const { say, hear } = await begun();
    await say(fromText('\x01anna'));
    expect((await hear())?.[0]).toBe(EapType.MSCHAPV2);
    await say(Uint8Array.of(EapType.NAK, EapType.GTC));
    expect((await hear())?.[0]).toBe(EapType.GTC);
    await say(Uint8Array.of(EapType.NAK, EapType.MSCHAPV2));
    // PEAP says inside how it ended: a Result TLV with failure.
    expect(toHex((await hear()) ?? new Uint8Array(0))).toMatch(/21800300020002$/);
  });

  test('a peer that binds nothing has the key of the tunnel, where the method makes none', async () => {
    const { outside, talk, say, hear } = await begun();
    await say(fromText('\x01anna'));
    await hear();
    await say(Uint8Array.of(EapType.NAK, EapType.GTC));
    await hear();
    await say(fromText(`\x06${password}`));
    const result = (await hear()) ?? new Uint8Array(0);
    expect(toHex(result)).toContain('21800300020001000c0038');
    const step = await say(success);
    expect(step).toMatchObject({ end: { outcome: { isUnbound: false } } });
    const key = await outside.run(talk.key('client EAP encryption'));
    expect(mskOf(step.kind === 'end' ? step.end : undefined)).toBe(
      toHex(key?.bytes ?? new Uint8Array(0)),
    );
  });

  test('a peer that binds nothing is told from others, where the method makes a key', async () => {
    const { outside, say, hear } = await begun();
    await say(fromText('\x01anna'));
    const method = eapMethod('eap-mschapv2')?.peer(peerSetting({}));
    if (!method) throw new Error('no MSCHAPv2');
    for (let heard = await hear(); heard?.[0] === EapType.MSCHAPV2; heard = await hear()) {
      const answer = await outside.run(method.receive(heard.subarray(1), 0));
      if (answer.kind !== 'send') throw new Error(JSON.stringify(answer));
      await say(concat(Uint8Array.of(EapType.MSCHAPV2), answer.data));
    }
    expect(await say(success)).toMatchObject({
      end: { kind: 'success', outcome: { isUnbound: true } },
    });
  });

  test('a binding made with other keys is refused', async () => {
    const { say, hear } = await begun();
    await say(fromText('\x01anna'));
    await hear();
    await say(Uint8Array.of(EapType.NAK, EapType.GTC));
    await hear();
    await say(fromText(`\x06${password}`));
    const asked = (await hear()) ?? new Uint8Array(0);
    const forged = asked.slice();
    forged[0] = 2;
    forged[5 + 6 + 7] = 1; // subtype: response
    expect(await say(forged)).toMatchObject({
      end: { kind: 'failure', why: expect.stringContaining('bound') },
    });
  });
});
