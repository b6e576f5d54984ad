// Name constraints (RFC 5280 §4.2.1.10): the names that an authority may vouch for. A form that we cannot
// compare counts as a violation, and so does a name that is written oddly (CVE-2026-35331).
import { toText } from '../base/bytes.ts';
import type { Certificate } from './certificate.ts';
import { type GeneralName, type NameConstraints, NameForm } from './extensions.ts';
import { isHostName, isMailbox } from './names.ts';
import { comparableName, emailAddresses } from './rdn.ts';

/** What a name breaks, for people; undefined when all names of the certificate are allowed. */
export function violation(
  constraints: NameConstraints,
  certificate: Certificate,
): string | undefined {
  const names = namesOf(certificate);
  for (const form of new Set(names.map((name) => name.form))) {
    const permitted = constraints.permitted.filter((base) => base.form === form);
    const excluded = constraints.excluded.filter((base) => base.form === form);
    if (permitted.length === 0 && excluded.length === 0) continue;
    const rule = rules.get(form);
    if (!rule) return 'a kind of name that we cannot compare';
    const broken = judge(
      rule,
      names.filter((name) => name.form === form),
      { permitted, excluded },
    );
    if (broken) return broken;
  }
  return undefined;
}

/** All names and constraints are of the rule's form. */
function judge(
  { label, isWellFormed, comparable, isWithin }: Rule,
  names: readonly GeneralName[],
  constraints: NameConstraints,
): string | undefined {
  const permitted = constraints.permitted.map(({ value }) => comparable(value));
  const excluded = constraints.excluded.map(({ value }) => comparable(value));
  for (const { value } of names) {
    const name = comparable(value);
    if (!isWellFormed(name)) return `${label} that is written oddly`;
    if (excluded.some((base) => isWithin(name, base))) return `${label} that is excluded`;
    if (permitted.length > 0 && !permitted.some((base) => isWithin(name, base))) {
      return `${label} out of bounds`;
    }
  }
  return undefined;
}

/** Subject, mail addresses in it, and subjectAltNames: constraints of their form hold for all of them. */
function namesOf({ subject, extensions }: Certificate): readonly GeneralName[] {
  const emails = emailAddresses(subject).map((value) => ({ form: NameForm.EMAIL, value }));
  const isEmpty = subject.length <= 2;
  const directory = isEmpty ? [] : [{ form: NameForm.DIRECTORY, value: subject }];
  return [...directory, ...emails, ...extensions.names];
}

/** How names of one form compare, as text that is made once for each name. */
interface Rule {
  readonly label: string;
  readonly comparable: (value: Uint8Array) => string;
  readonly isWellFormed: (name: string) => boolean;
  readonly isWithin: (name: string, base: string) => boolean;
}

/** Letters compare without regard to case, as identities do (RFC 4945 §3.1). */
const lower = (name: Uint8Array): string => toText(name).toLowerCase();

const rules: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [
    NameForm.DNS,
    {
      label: 'a host name',
      comparable: lower,
      // A wildcard proves nothing to us, yet it is a name of this form.
      isWellFormed: (name) => isHostName(name.replace(/^\*\./, '')),
      isWithin: isInDomain,
    },
  ],
  [
    NameForm.EMAIL,
    {
      label: 'a mail address',
      comparable: lower,
      isWellFormed: isMailbox,
      isWithin: isInMailDomain,
    },
  ],
  [
    NameForm.IP,
    {
      label: 'an IP address',
      comparable: (value) => Buffer.from(value).toString('latin1'),
      isWellFormed: (name) => name.length === 4 || name.length === 16,
      isWithin: isInNetwork,
    },
  ],
  [
    NameForm.DIRECTORY,
    {
      label: 'a subject',
      comparable: comparableName,
      isWellFormed: () => true,
      isWithin: (name, base) => name.startsWith(base),
    },
  ],
]);

/** `example.org` holds itself and all below; with a leading dot only what is below. */
function isInDomain(name: string, base: string): boolean {
  if (base === '' || name === base) return true;
  return name.endsWith(base.startsWith('.') ? base : `.${base}`);
}

/** A mailbox, a host with all its mailboxes, or with a leading dot all hosts below a domain. */
function isInMailDomain(name: string, base: string): boolean {
  if (base === '' || base.includes('@')) return base === '' || name === base;
  const host = name.slice(name.lastIndexOf('@') + 1);
  return base.startsWith('.') ? host.endsWith(base) : host === base;
}

/** `base` is an address and its mask; in the other family nothing is within. One character is one byte. */
function isInNetwork(name: string, base: string): boolean {
  if (base.length !== 2 * name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const difference = name.charCodeAt(i) ^ base.charCodeAt(i);
    if ((difference & base.charCodeAt(name.length + i)) !== 0) return false;
  }
  return true;
}
