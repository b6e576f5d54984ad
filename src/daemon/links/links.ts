// One-time links. What opens one is random, is known by its hash alone, and stands in no log; the profile behind it is in
// memory until it is fetched or its time is over.
import { createHash } from 'node:crypto';
import { formatSocket, type SocketAddress } from '../../base/ip.ts';
import type { AccountDesk, FileFacts, ProfileFacts } from '../../rpc/accounts.ts';
import type { CreatedLink, LinkDesk, LinkFacts, LinkRequest } from '../../rpc/links.ts';
import { Refused } from '../../rpc/method.ts';
import { type Language, languageOf } from './language.ts';
import { gonePage, linkPage } from './page.ts';

/** What the door asks when somebody comes. */
export interface Answer {
  readonly status: 200 | 404;
  readonly type: string;
  readonly body: string | Uint8Array;
  /** Offered under this name; undefined: shown. */
  readonly filename: string | undefined;
}

/** Where links are served: opened for the first, closed after the last. */
export interface LinkDoor {
  readonly at: SocketAddress;
  readonly isSecure: boolean;
  close(): void;
}

export interface LinksOptions {
  readonly accounts: Pick<AccountDesk, 'exportDevice'>;
  readonly random: (bytes: number) => Uint8Array;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly after: (ms: number, run: () => void) => () => void;
  /** @throws Refused where there is no address to listen on */
  readonly openDoor: (answer: Links['answer']) => Promise<LinkDoor>;
}

interface Link extends LinkFacts {
  readonly profile: ProfileFacts;
  /** Files that were not fetched yet, by what stands behind the link. */
  readonly left: Map<string, FileFacts>;
  readonly forget: () => void;
}

export class Links implements LinkDesk {
  readonly #options: LinksOptions;
  /** By the hash of what opens them. */
  readonly #links = new Map<string, Link>();
  #door: Promise<LinkDoor> | undefined;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  async create({ minutes, ...request }: LinkRequest): Promise<CreatedLink> {
    if (this.#links.size >= most) throw new Refused(`there are ${most} links already: delete one`);
    const door = await this.#open();
    try {
      const profile = await this.#options.accounts.exportDevice(request);
      const token = Buffer.from(this.#options.random(tokenBytes)).toString('base64url');
      const key = hashOf(token);
      const link: Link = {
        id: key.slice(0, 12),
        ...{ device: request.name, format: request.format, profile },
        expires: Math.floor(this.#options.now() / 1000) + minutes * 60,
        left: new Map(
          [profile.file, ...profile.extras].map((file) => [
            encodeURIComponent(file.filename),
            file,
          ]),
        ),
        forget: this.#options.after(minutes * 60_000, () => this.#forget(key)),
      };
      this.#links.set(key, link);
      const url = `http${door.isSecure ? 's' : ''}://${formatSocket(door.at)}/${token}`;
      return { ...factsOf(link), url, isSecure: door.isSecure };
    } catch (error) {
      this.#closeIfEmpty();
      throw error;
    }
  }

  list(): readonly LinkFacts[] {
    return [...this.#links.values()].map(factsOf);
  }

  remove(id: string): boolean {
    const [key] = [...this.#links].find(([, link]) => link.id === id) ?? [];
    if (key !== undefined) this.#forget(key);
    return key !== undefined;
  }

  close(): void {
    for (const key of [...this.#links.keys()]) this.#forget(key);
  }

  /** @param path `/TOKEN` is the page, `/TOKEN/FILE` one of its files, which is gone then @param accepted Accept-Language */
  answer(path: string, accepted: string | undefined): Answer {
    const language = languageOf(accepted);
    const [, token = '', name, ...more] = path.split('/');
    const key = hashOf(token);
    const link = more.length === 0 ? this.#links.get(key) : undefined;
    if (!link) return goneIn(language);
    if (name === undefined || name === '') return this.#page(link, token, language);
    const file = link.left.get(name);
    if (!file) return goneIn(language);
    link.left.delete(name);
    if (link.left.size === 0) this.#forget(key);
    const { content, encoding, type, filename } = file;
    const body = encoding === 'base64' ? Buffer.from(content, 'base64') : content;
    return { status: 200, type, body, filename };
  }

  #page({ device, profile, left, expires }: Link, token: string, language: Language): Answer {
    const files = [...left].map(([path, { filename }]) => ({
      filename,
      href: `/${token}/${path}`,
    }));
    const seconds = Math.max(0, expires - this.#options.now() / 1000);
    const body = linkPage(device, profile, files, seconds, language);
    return { ...shown, status: 200, body };
  }

  #open(): Promise<LinkDoor> {
    this.#door ??= this.#options.openDoor((path, accepted) => this.answer(path, accepted));
    const door = this.#door;
    door.catch(() => {
      this.#door = undefined;
    });
    return door;
  }

  #forget(key: string): void {
    this.#links.get(key)?.forget();
    this.#links.delete(key);
    this.#closeIfEmpty();
  }

  #closeIfEmpty(): void {
    if (this.#links.size > 0) return;
    const door = this.#door;
    this.#door = undefined;
    door?.then((open) => open.close()).catch(() => {}); // who opened it heard why it did not
  }
}

const factsOf = ({ id, device, format, expires }: Link): LinkFacts => ({
  ...{ id, device, format, expires },
});
const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');
const shown = { type: 'text/html; charset=utf-8', filename: undefined } as const;
const goneIn = (language: Language): Answer => ({
  ...{ ...shown, status: 404, body: gonePage(language) },
});
const tokenBytes = 24;
const most = 8;
