// EAP-TLS as the core sees it: the TLS itself is outside, and every connection that was lent goes back, however the
// login ends.
import { describe, expect, test } from 'vitest';
import { fromText, isZero } from '../../../src/base/bytes.ts';
import { seconds } from '../../../src/base/time.ts';
import type { Answer, Question, TlsProgress, TlsRef } from '../../../src/ike/core.ts';
import type { Connection } from '../../../src/policy/policy.ts';
import { household, pool } from '../household.ts';
import { connection, identity, pattern, policy } from '../policies.ts';
import { eapPhone } from '../users.ts';

const records = fromText('hello');
const ofPhone = 7 as TlsRef;
const ofGateway = 8 as TlsRef;
const goesOn = {
  ok: true,
  records,
  data: new Uint8Array(0),
  established: undefined,
  chain: [],
} as const satisfies TlsProgress;

/** A phone of ours that logs in by EAP-TLS, and a gateway of ours. */
function homeWithTls(
  serving: readonly Partial<Connection>[] = [{}],
  ofPhone: Partial<Connection> = {},
) {
  const own = { name: 'own', keyId: 'own', keyType: 'p256', chain: [], identities: [] } as const;
  const byTls = { remoteAuth: ['eap-tls'], certificate: 'own' } as const;
  const connections = serving.map((fields) => connection({ ...byTls, ...fields }));
  return household({
    gateway: policy(connections, { certificates: [own] }),
    phone: eapPhone({ localAuth: 'eap-tls', ...ofPhone }),
  });
}

/**
 * A phone of ours that says hello inside EAP-TLS, and a gateway of ours that is answered by `port`.
 * @param turns that the phone takes before it falls silent
 */
function login(port: (question: Question) => Answer | 'never', turns = 1) {
  const home = homeWithTls();
  let left = turns;
  home.phone.ports = ({ kind }) => {
    if (kind === 'openTls') return { tls: ofPhone };
    return left-- > 0 ? goesOn : 'never';
  };
  home.gateway.ports = port;
  home.dial();
  home.world.run(seconds(5));
  return home;
}
const asked = ({ gateway }: ReturnType<typeof login>) =>
  gateway.asked.map(({ question }) => question.kind);

describe('a TLS connection of a login', () => {
  test('goes back on both sides when TLS fails, and the peer hears EAP-Failure', () => {
    const failed = { ok: false, why: 'TLS: no shared cipher', records: new Uint8Array(0) } as const;
    const home = login(({ kind }) => (kind === 'openTls' ? { tls: ofGateway } : failed));
    expect(asked(home)).toEqual(['openTls', 'tls']);
    expect(home.gateway.closedTls).toEqual([ofGateway]);
    expect(home.phone.closedTls).toEqual([ofPhone]);
    expect(home.gateway.eventsOf('attempt.failed')).toMatchObject([{ why: failed.why }]);
    expect(home.phone.eventsOf('attempt.failed')).toHaveLength(1);
  });

  test('goes back when the peer falls silent in the middle', () => {
    const home = login(({ kind }) => (kind === 'openTls' ? { tls: ofGateway } : goesOn), 3);
    expect(asked(home)).toEqual(['openTls', 'tls', 'tls', 'tls']);
    expect(home.gateway.closedTls).toEqual([]);
    home.world.run(seconds(300));
    expect(home.gateway.closedTls).toEqual([ofGateway]);
    expect(home.phone.closedTls).toEqual([ofPhone]);
  });

  test('goes back when the rounds have no end', () => {
    const home = login(({ kind }) => (kind === 'openTls' ? { tls: ofGateway } : goesOn), 1000);
    home.world.run(seconds(300));
    expect(asked(home).length).toBeLessThan(110);
    expect(home.phone.eventsOf('attempt.failed')).toMatchObject([
      { why: expect.stringContaining('more than 100 rounds') },
    ]);
    expect(home.gateway.closedTls).toEqual([ofGateway]);
    expect(home.phone.closedTls).toEqual([ofPhone]);
  });

  test('goes back when it is hung up', () => {
    const home = login(({ kind }) => (kind === 'openTls' ? { tls: ofGateway } : 'never'));
    expect(asked(home)).toEqual(['openTls', 'tls']);
    const command = { kind: 'terminate', which: 'all' } as const;
    home.world.input(home.gateway, { kind: 'command', command });
    expect(home.gateway.closedTls).toEqual([ofGateway]);
  });

  test('that was lent too late goes back', () => {
    const home = login(() => 'never');
    expect(asked(home)).toEqual(['openTls']);
    home.world.run(seconds(20));
    expect(home.gateway.core.snapshot().sas).toEqual([]);
    const { ticket } = home.gateway.asked[0] ?? { ticket: undefined };
    if (ticket === undefined) throw new Error('nothing was asked');
    home.world.input(home.gateway, { kind: 'answer', ticket, answer: { tls: ofGateway } });
    expect(home.gateway.closedTls).toEqual([ofGateway]);
    // And so do keys, whose asker would have wiped them.
    const keys = new Uint8Array(128).fill(7);
    home.world.input(home.gateway, { kind: 'answer', ticket, answer: keys });
    expect(isZero(keys)).toBe(true);
  });
});

/** Anna has logged in with her certificate, or was refused. */
function withCertificate(
  serving: readonly Partial<Connection>[],
  ofDialler: Partial<Connection> = {},
) {
  const done = { ...goesOn, records: new Uint8Array(0), established: '1.2' } as const;
  const chain = [fromText('a certificate')];
  /** Takes these turns of TLS, and believes that the other side is `who`. */
  const talks = (turns: TlsProgress[], tls: TlsRef, who: string) => (question: Question) => {
    switch (question.kind) {
      case 'openTls':
        return { tls };
      case 'tls':
        return turns.shift();
      case 'exportTls':
        return new Uint8Array(128).fill(5);
      case 'verifyChain':
        return {
          ...({ ok: true, spki: records, keyType: 'p256' } as const),
          identities: [identity(who)],
          certificate: `that of ${who}`,
        };
      default:
        return pool(['10.3.0.2'])(question);
    }
  };
  const { world, gateway, phone, dial } = homeWithTls(serving, ofDialler);
  gateway.ports = talks([goesOn, { ...done, records, chain }], ofGateway, 'anna@example.org');
  phone.ports = talks([goesOn, goesOn, { ...done, chain }], ofPhone, 'home.example');
  dial();
  world.run(seconds(5));
  return { world, gateway, phone };
}

describe('who logs in by EAP-TLS', () => {
  test('is known by the certificate, for the day that it is revoked', () => {
    const annas = { peer: 'anna@example.org', certificate: 'that of anna@example.org' };
    const { world, gateway } = withCertificate([{ ikeLifetime: seconds(100) }]);
    expect(gateway.sa).toMatchObject(annas);
    const { id } = gateway.sa;
    world.run(seconds(120));
    expect(gateway.sa.id).not.toBe(id); // it has new keys
    expect(gateway.sa).toMatchObject(annas);
  });

  test('comes in by the connection that names the certificate most exactly, whatever their order', () => {
    const any = { name: 'any' };
    const family = { name: 'family', remoteId: pattern('*@example.org') };
    const anna = { name: 'anna', remoteId: pattern('anna@example.org') };
    for (const others of [
      [any, family, anna],
      [anna, family, any],
    ]) {
      expect(withCertificate(others).gateway.sa).toMatchObject({ connection: 'anna' });
    }
  });

  test('knows a gateway that proves itself in EAP alone by its certificate too', () => {
    const alone = { localAuth: 'eap-tls' } as const;
    const { phone } = withCertificate([alone], { remoteAuth: ['eap-tls'] });
    expect(phone.sa).toMatchObject({
      peer: 'home.example',
      certificate: 'that of home.example',
    });
  });

  test('has to be whom remote_id names, as with a certificate outside EAP (class 3)', () => {
    expect(withCertificate([{ remoteId: pattern('*@example.org') }]).gateway.sa).toMatchObject({
      peer: 'anna@example.org',
    });
    const { gateway } = withCertificate([{ remoteId: pattern('*@office.example') }]);
    expect(gateway.installed).toEqual([]);
    expect(gateway.eventsOf('attempt.failed')).toMatchObject([
      { why: 'no connection lets anna@example.org in by eap-tls' },
    ]);
  });
});
