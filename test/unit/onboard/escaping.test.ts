// Names and secrets of any kind go through each format unharmed, read back by a parser that knows nothing of the writer.
import { DOMParser } from '@xmldom/xmldom';
import fc from 'fast-check';
import { parse as parsePlist } from 'plist';
import { describe, expect, test } from 'vitest';
import { appleProfile } from '../../../src/onboard/apple.ts';
import { CannotMake, type Onboarding } from '../../../src/onboard/device.ts';
import { joinText, readJoinText } from '../../../src/onboard/join.ts';
import { libreswanConnection } from '../../../src/onboard/libreswan.ts';
import { networkManager } from '../../../src/onboard/networkmanager.ts';
import { plist } from '../../../src/onboard/plist.ts';
import { powershellText } from '../../../src/onboard/powershell.ts';
import { profileXml } from '../../../src/onboard/profile-xml.ts';
import { sswanProfile } from '../../../src/onboard/sswan.ts';
import { swanctlConfiguration } from '../../../src/onboard/swanctl.ts';
import { windowsScript } from '../../../src/onboard/windows.ts';
import { certificate, onboarding } from './samples.ts';

/** What breaks things, and anything else. */
const nasty = fc.oneof(
  fc.constantFrom(
    '"',
    "'",
    '$(id)',
    '`id`',
    '</string>',
    ']]>',
    '&amp;',
    '\\',
    '\n',
    '’; rm -rf',
    '#',
    '{}',
    '=',
    '%s',
    ' x ',
    '\u2028',
    '🦊',
    '$env:PATH',
    "'@",
    '"@',
    ';',
    '\t',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const text = fc
  .array(nasty, { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(''))
  .filter((one) => one.trim() !== '' && !/\p{Cs}/u.test(one));
/** As names of devices and Wi-Fi may be: no control characters. */
const line = text.filter((one) => !/[\p{Cc}\p{Zl}\p{Zp}\ufffe\uffff]/u.test(one));

const withTexts = (userName: string, password: string): Onboarding =>
  onboarding({ kind: 'password', userName, password }, { name: userName, isOnDemand: true });
const contentOf = (profile: ReturnType<typeof appleProfile>): string => `${profile.file.content}`;

describe('any name and any password', () => {
  test('come back out of a property list', () => {
    fc.assert(
      fc.property(line, line, (name, password) => {
        const read = JSON.parse(
          JSON.stringify(parsePlist(contentOf(appleProfile(withTexts(name, password))))),
        );
        const vpn = read.PayloadContent.find(
          (one: { PayloadType: string }) => one.PayloadType === 'com.apple.vpn.managed',
        );
        expect(vpn.IKEv2.AuthName).toBe(name);
        expect(vpn.IKEv2.AuthPassword).toBe(password);
        expect(vpn.IKEv2.OnDemandRules[0].SSIDMatch).toEqual(["Anna's Wi-Fi", 'Café <5 GHz>']);
      }),
    );
  });

  test('come back out of a property list as values and as keys', () => {
    fc.assert(
      fc.property(line, (key) => {
        expect(parsePlist(plist({ [`k${key}`]: key }))).toEqual({ [`k${key}`]: key });
      }),
    );
  });

  test('come back out of JSON', () => {
    fc.assert(
      fc.property(text, text, (name, password) => {
        const read = JSON.parse(contentOf(sswanProfile(withTexts(name, password))));
        expect(read.local).toEqual({ eap_id: name, shared_secret: password });
      }),
    );
  });

  test('leave ProfileXML well-formed, and come back', () => {
    fc.assert(
      fc.property(line, (domain) => {
        const sample = onboarding(certificate, {}, { domains: [domain] });
        const document = new DOMParser({
          onError: () => {
            throw new Error('not well-formed');
          },
        }).parseFromString(contentOf(profileXml(sample)), 'text/xml');
        expect(document.getElementsByTagName('DnsSuffix')[0]?.textContent).toBe(domain);
      }),
    );
  });

  test('are literals to PowerShell, which never sees more than ASCII and no expression of theirs', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(readPowershell(powershellText(value))).toBe(value);
      }),
    );
    fc.assert(
      fc.property(text, text, (name, password) => {
        const script = contentOf(windowsScript(withTexts(name, password)));
        expect(script).toMatch(/^[\r\n -~]*$/);
        expect(script).not.toContain(`$(id)${name}`);
      }),
    );
  });

  test('come back out of the key file of NetworkManager', () => {
    fc.assert(
      fc.property(text, text, (name, password) => {
        const read = readKeyFile(contentOf(networkManager(withTexts(name, password))));
        expect(read['vpn']?.['user']).toBe(name);
        expect(read['vpn-secrets']?.['password']).toBe(password);
        expect(Object.keys(read)).toEqual(['connection', 'vpn', 'vpn-secrets', 'ipv4', 'ipv6']);
      }),
    );
  });

  test('come back out of swanctl.conf', () => {
    fc.assert(
      fc.property(text, text, (name, password) => {
        const conf = contentOf(swanctlConfiguration(withTexts(name, password)));
        expect(swanctlValues(conf, 'eap_id')).toEqual([name]);
        expect(swanctlValues(conf, 'secret')).toEqual([password]);
      }),
    );
  });

  test('come back out of a join text', () => {
    fc.assert(
      fc.property(text, text, (userName, password) => {
        const read = readJoinText(contentOf(joinText(withTexts(userName, password))));
        expect(read).toMatchObject({ userName, password, gateway: 'vpn.example.org' });
      }),
    );
  });

  test('are refused by libreswan, which has no way to quote them, rather than written', () => {
    fc.assert(
      fc.property(text, (name) => {
        const sample = onboarding(certificate, { name });
        if (/["\r\n]/.test(name)) {
          expect(() => libreswanConnection(sample)).toThrow(CannotMake);
        } else expect(contentOf(libreswanConnection(sample))).toContain(`leftcert="${name}"`);
      }),
    );
  });
});

test.each([
  '',
  'x',
  'ikev2-ts-join-1:',
  'ikev2-ts-join-1:bm90IGpzb24',
  'ikev2-ts-join-1:e30',
  'ikev2-ts-join-2:e30',
])('%j is no join text', (wrong) => {
  expect(readJoinText(wrong)).toBeUndefined();
});

/** A single-quoted literal (about_Quoting_Rules), or the one expression that decodes base64. */
function readPowershell(literal: string): string {
  const plain = /^'((?:[ -&(-~]|'')*)'$/.exec(literal)?.[1];
  if (plain !== undefined) return plain.replaceAll("''", "'");
  const packed =
    /^\(\[Text\.Encoding\]::UTF8\.GetString\(\[Convert\]::FromBase64String\('([A-Za-z0-9+/=]*)'\)\)\)$/.exec(
      literal,
    )?.[1];
  if (packed === undefined) throw new Error(`not a literal: ${literal}`);
  return Buffer.from(packed, 'base64').toString('utf8');
}

/** As GKeyFile's manual says: groups, keys, and the escapes \s \n \t \r \\. */
function readKeyFile(file: string): Record<string, Record<string, string>> {
  const groups: Record<string, Record<string, string>> = {};
  let group: Record<string, string> = {};
  for (const row of file.split('\n')) {
    const name = /^\[([^[\]]+)\]$/.exec(row)?.[1];
    if (name !== undefined) groups[name] = group = {};
    const at = row.indexOf('=');
    if (name !== undefined || at < 0) continue;
    const escapes: Record<string, string> = { s: ' ', n: '\n', t: '\t', r: '\r', '\\': '\\' };
    const value = row.slice(at + 1).replace(/^[ \t]+/, '');
    group[row.slice(0, at)] = value.replace(/\\(.)/g, (all, char) => escapes[char] ?? all);
  }
  return groups;
}

/** Values in quotation marks, as strongSwan's lexer takes them: \n \r \t, a line end after a backslash, any other as it is. */
function swanctlValues(conf: string, key: string): string[] {
  const found = [...conf.matchAll(/^ *(\w+) = "((?:[^"\\]|\\[\s\S])*)"$/gm)];
  const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t' };
  return found
    .filter(([, name]) => name === key)
    .map(([, , value = '']) => value.replace(/\\([\s\S])/g, (_, char) => escapes[char] ?? char));
}
