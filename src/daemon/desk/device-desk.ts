// The desk's part for devices: a record, a credential that is told once, and profiles from both.
import type { Account } from '../../config/configuration.ts';
import { type OptionEdits, removeSection, setOptions } from '../../config/edit.ts';
import type { Credential, Gateway } from '../../onboard/device.ts';
import { fingerprint, formatIn, staleIn } from '../../onboard/fingerprint.ts';
import { formats } from '../../onboard/formats.ts';
import type { Signer } from '../../pki/cms.ts';
import type {
  AddedDevice,
  DeviceChange,
  DeviceFacts,
  DeviceRequest,
  ExportRequest,
  FormatFacts,
  ProfileFacts,
} from '../../rpc/accounts.ts';
import type { CertificateDesk, CertificateFacts, IssuedDevice } from '../../rpc/certificates.ts';
import { Refused } from '../../rpc/method.ts';
import { accountNamed, whyBarred } from '../accounts.ts';
import { isPlausible } from '../clock.ts';
import { forget, gather } from '../gather.ts';
import {
  type Accounts,
  deviceNamed,
  devicesOf,
  edit,
  found,
  given,
  inSeconds,
  instantText,
  isSame,
  keepFormer,
  note,
  ofKind,
  secretOf,
  sectionFor,
  sectionOf,
  tried,
  userNamed,
} from './account-sections.ts';
import { AtHand } from './at-hand.ts';
import { disowned } from './catalogue.ts';
import { type Guest, gatewayRecord, signerFor } from './gateway-record.ts';
import { makePassphrase } from './passphrase.ts';
import { configurationOf, type DeskPlace } from './place.ts';
import { deviceRecord, formatFor, makeProfile } from './profiles.ts';

/** Every method throws Refused, with words for the owner, and nothing else unless we have a bug. */
export class DeviceDesk {
  readonly #place: DeskPlace;
  readonly #certificates: CertificateDesk;
  readonly #atHand: AtHand;

  constructor(place: DeskPlace, certificates: CertificateDesk) {
    this.#place = place;
    this.#certificates = certificates;
    this.#atHand = new AtHand(place.now);
  }

  list(): readonly DeviceFacts[] {
    const configuration = configurationOf(this.#place);
    const strangers = disowned(configuration);
    const { accounts } = configuration;
    return ofKind(accounts, 'device').map((device) => this.#facts(device, accounts, strangers));
  }

  async add(request: DeviceRequest): Promise<AddedDevice> {
    const { name, owner, platform, auth, expires, addresses, routing, isOnDemand } = request;
    const { format, isPostQuantum = false } = request;
    const { accounts } = configurationOf(this.#place);
    const old = accountNamed(accounts, name);
    if (old && (old.kind === 'user' || old.revoked === undefined)) {
      throw new Refused(`there is a ${old.kind} '${old.name}' already: choose another name`);
    }
    const user = owner === undefined ? undefined : userNamed(owner, accounts);
    if (user) checkRoom(user, accounts);
    if (format !== undefined) {
      // What is told once is not made where it could not be told.
      formatFor(format, auth, isPostQuantum);
      this.#withGateway(
        { owner, connection: undefined, isByPassword: auth === 'password' },
        () => {},
      );
    }
    const record = (text: string, secret: OptionEdits): string =>
      setOptions(
        old ? removeSection(text, sectionOf(old)) : text,
        sectionFor('device', name, old, text),
        {
          ...{ name, owner: user?.name, platform, auth, ...secret, address: addresses },
          ...{ routing: routing === 'all' ? undefined : routing },
          ...{ on_demand: isOnDemand ? '1' : undefined },
          ...{ created: instantText(this.#place.now()), expires },
        },
      );
    const made = await this.#credential({ name, owner: user?.name, auth }, request.form, record);
    await edit(this.#place, (text) => record(text, made.edits));
    this.#atHand.keep(name, made.credential);
    const device = this.#factsOf(name);
    const told = { device, password: made.password, issued: made.issued };
    if (format === undefined) return { ...told, file: undefined };
    const file = await this.export({ name, format, renew: false, isPostQuantum });
    return { ...told, file, device: { ...device, format } };
  }

  async change({ name, rename, ...change }: DeviceChange): Promise<DeviceFacts> {
    const { accounts } = configurationOf(this.#place);
    const device = deviceNamed(name, accounts);
    const other = rename === undefined ? undefined : accountNamed(accounts, rename);
    if (other && other !== device) {
      throw new Refused(`there is a ${other.kind} '${other.name}' already: choose another name`);
    }
    const user =
      change.owner === undefined || change.owner === 'none'
        ? undefined
        : userNamed(change.owner, accounts);
    if (user && !isSame(device.owner, user)) checkRoom(user, accounts);
    await edit(this.#place, (text) =>
      setOptions(text, sectionOf(device), {
        ...given('name', rename),
        ...given('owner', user?.name ?? change.owner),
        ...given('expires', change.expires),
        ...given('routing', change.routing),
        ...given('on_demand', change.isOnDemand, (value) => (value ? '1' : '0')),
        ...(change.addresses === undefined ? {} : { address: change.addresses }),
      }),
    );
    if (rename !== undefined) this.#atHand.forget(name);
    return this.#factsOf(rename ?? name);
  }

  async revoke(name: string): Promise<DeviceFacts> {
    const { accounts } = configurationOf(this.#place);
    const device = deviceNamed(name, accounts);
    if (device.revoked !== undefined) throw new Refused(`${device.name} was revoked already`);
    this.#atHand.forget(name);
    revokeCertificate(device, this.#certificates);
    const revoked = instantText(this.#place.now());
    await edit(this.#place, (text) =>
      setOptions(text, sectionOf(device), {
        ...{ password: undefined, nthash: undefined, revoked },
        ...{ former_nthash: undefined, former_until: undefined },
      }),
    );
    return this.#factsOf(name);
  }

  formats(platform: string | undefined): readonly FormatFacts[] {
    return formats
      .filter(({ platforms }) => platform === undefined || platforms.includes(platform))
      .map(({ format, title, platforms, auth }) => ({ format, title, platforms, auth }));
  }

  async export(request: ExportRequest): Promise<ProfileFacts> {
    const { name, format: wanted, renew, isUnsigned, isPostQuantum = false } = request;
    const { accounts } = configurationOf(this.#place);
    const device = deviceNamed(name, accounts);
    if (device.revoked !== undefined) {
      throw new Refused(`${device.name} was revoked: add it again, and it gets a new profile`);
    }
    const auth = device.certificate === undefined ? 'password' : 'certificate';
    const format = formatFor(wanted, auth, isPostQuantum);
    if (renew) await this.#renew(device, auth);
    const credential = this.#atHand.of(name) ?? toldBefore(device);
    const renewed = deviceNamed(name, configurationOf(this.#place).accounts);
    return this.#withGateway(guestOf(renewed), (gateway, signer) => {
      const record = deviceRecord(renewed);
      const at = this.#place.now();
      // Whoever looks at a signature from 1970 believes it less than none.
      const signature = isUnsigned || !isPlausible(at) ? undefined : { signer, at };
      const onboarding = { gateway, device: record, credential, isPostQuantum };
      const profile = makeProfile(format, onboarding, signature);
      const stamp = fingerprint(format.format, gateway, record);
      if (renewed.profile !== stamp) note(this.#place, renewed, { profile: stamp });
      return profile;
    });
  }

  /**
   * Another password or certificate; what there was stops working at once. But a router that is reached through its
   * tunnel alone would be lost: its former password lets it in for a day more, which is time to carry the new one there.
   */
  async #renew(device: Account, auth: DeviceFacts['auth']): Promise<void> {
    const { name, owner } = device;
    const record = (text: string, secret: OptionEdits): string =>
      setOptions(text, sectionOf(device), secret);
    // A certificate is made only where the gateway can be described: the old one would be gone for nothing.
    this.#withGateway(guestOf(device), () => {});
    revokeCertificate(device, this.#certificates);
    const made = await this.#credential({ name, owner, auth }, 'legacy', record);
    const until = new Date(this.#place.now().getTime() + dayMs);
    await edit(this.#place, (text) => {
      const isFar = device.platform === 'router' && auth === 'password';
      const former = isFar ? keepFormer(text, sectionOf(device), until) : {};
      return record(text, { ...former, ...made.edits });
    });
    this.#atHand.keep(name, made.credential);
  }

  /** @param record an edit that is tried before a certificate is made in vain */
  async #credential(
    { name, owner, auth }: Pick<DeviceRequest, 'name' | 'owner' | 'auth'>,
    form: DeviceRequest['form'],
    record: (text: string, secret: OptionEdits) => string,
  ): Promise<Made> {
    if (auth === 'password') {
      const password = makePassphrase(this.#place.random);
      const credential = { kind: 'password', userName: name, password } as const;
      return { credential, edits: secretOf(password), password, issued: undefined };
    }
    tried(this.#place, (text) => record(text, { certificate: '00' }));
    const issued = await this.#certificates.issue({ name, owner, form });
    const { passphrase, forms: pkcs12, certificatePem, keyPem } = issued;
    const identity = issued.device.names[0] ?? name;
    const credential: Credential = {
      ...{ kind: 'certificate', identity, pkcs12, passphrase, certificatePem, keyPem },
    };
    return {
      credential,
      edits: { certificate: issued.device.serial },
      password: undefined,
      issued,
    };
  }

  #factsOf(name: string): DeviceFacts {
    const configuration = configurationOf(this.#place);
    const { accounts } = configuration;
    return this.#facts(found(accounts, name), accounts, disowned(configuration));
  }

  /** @param strangers certificates that nobody believes any more */
  #facts(device: Account, all: Accounts, strangers: ReadonlySet<string>): DeviceFacts {
    const { name, owner, platform, certificate, addresses, created, expires, revoked } = device;
    const { routing, isOnDemand, profile } = device;
    const bar = whyBarred(device, all, this.#place.now().getTime())?.why;
    return {
      ...{ name, owner, platform, certificate, addresses, routing, isOnDemand },
      auth: certificate === undefined ? 'password' : 'certificate',
      created: inSeconds(created),
      expires: inSeconds(expires),
      revoked: inSeconds(revoked),
      barred: bar ?? whyDisowned(device, strangers),
      format: profile === undefined ? undefined : formatIn(profile),
      stale: this.#staleness(device),
    };
  }

  #staleness(device: Account): readonly string[] {
    const { profile, revoked } = device;
    if (profile === undefined || revoked !== undefined) return [];
    try {
      return this.#withGateway(guestOf(device), (gateway) =>
        staleIn(profile, gateway, deviceRecord(device)),
      );
    } catch (error) {
      if (error instanceof Refused) return [];
      throw error;
    }
  }

  #withGateway<T>(guest: Guest, use: (gateway: Gateway, signer: Signer) => T): T {
    const { gathered, problems } = gather(this.#place.configFile);
    if (!gathered) {
      const [first] = problems.filter(({ severity }) => severity === 'error');
      throw new Refused(`mend the configuration first: ${first?.why ?? 'it cannot be read'}`);
    }
    forget(gathered.configuration);
    const ordered = this.#place.inOrder?.(gathered) ?? gathered;
    return use(gatewayRecord(ordered, guest), signerFor(guest, ordered));
  }
}

const dayMs = 86_400_000;

const guestOf = ({ owner, connection, certificate }: Account): Guest => ({
  ...{ owner, connection, isByPassword: certificate === undefined },
});

/** Another home CA took the place of the one that issued its certificate, or that one was taken out. */
const whyDisowned = (
  { name, certificate = '' }: Account,
  strangers: ReadonlySet<string>,
): string | undefined =>
  strangers.has(certificate)
    ? `its certificate is from a CA that is not ours any more: «ikectl device export ${name} --renew» makes a new one`
    : undefined;

interface Made {
  readonly credential: Credential;
  readonly edits: OptionEdits;
  readonly password: string | undefined;
  readonly issued: IssuedDevice | undefined;
}

/** A password is asked for by the device; a key cannot be. @throws Refused */
function toldBefore({ name, certificate }: Account): Credential {
  if (certificate === undefined) return { kind: 'password', userName: name, password: undefined };
  throw new Refused(
    `the key of ${name} was given away when it was made, and is nowhere else: «ikectl device export ${name} --renew» makes a new one, and the old one stops working`,
  );
}

/** The list of revoked certificates holds, whatever becomes of the record. */
export function revokeCertificate({ certificate, revoked }: Account, desk: CertificateDesk): void {
  if (certificate === undefined || revoked !== undefined) return;
  const facts = desk.list().find((one) => one.serial === certificate && isLeft(one));
  if (facts) desk.revoke(facts.serial);
}

/** Whether it is of a device and would be let in. */
export const isLeft = ({ kind, isBelieved, revokedAt }: CertificateFacts): boolean =>
  kind === 'device' && isBelieved && revokedAt === undefined;

function checkRoom(user: Account, accounts: Accounts): void {
  const own = devicesOf(user, accounts).filter(({ revoked }) => revoked === undefined);
  if (user.maxDevices === undefined || own.length < user.maxDevices) return;
  const names = own.map(({ name }) => name).join(', ');
  throw new Refused(
    `${user.name} has ${own.length} of ${user.maxDevices} devices (${names}): revoke one, or allow more`,
  );
}
