// The page behind a one-time link: what to do, a button, and how much time is left. It needs no script and loads nothing.
import type { ProfileFacts } from '../../rpc/accounts.ts';
import type { Language } from './language.ts';

/** @param left seconds @param files names, the profile first, with where each is */
export function linkPage(
  device: string,
  { steps, password, passphrase, secret }: ProfileFacts,
  files: readonly { readonly filename: string; readonly href: string }[],
  left: number,
  language: Language,
): string {
  const { say } = language;
  const minutes = Math.ceil(left / 60);
  const buttons = files
    .map(
      ({ filename, href }) =>
        `<a class="b" rel="nofollow" href="${html(href)}">${html(say(`Save ${filename}`))}</a>`,
    )
    .join('\n');
  const typed =
    secret === 'asked' && password !== undefined
      ? [say(`Password: ${password}`)]
      : passphrase === undefined
        ? []
        : [say(`Passphrase: ${passphrase}`)];
  const time = minutes === 1 ? say('One minute is left.') : say(`${minutes} minutes are left.`);
  return frame(
    language,
    say(`VPN for ${device}`),
    `<p>${html(say('Each file can be fetched once.'))} ${html(time)}</p>
<p>${buttons}</p>
${typed.map((line) => `<p><code>${html(line)}</code></p>`).join('\n')}
<ol>
<li>${html(say('Tap each blue button, and allow the download.'))}</li>
${steps.map((step) => `<li>${html(say(step))}</li>`).join('\n')}
</ol>`,
    '<meta http-equiv="refresh" content="30">',
  );
}

/** The same for a link that was used, is over, or never was. */
export function gonePage(language: Language): string {
  const { say } = language;
  const why = say('This link was used, or its time is over. Make a new one on the router.');
  return frame(language, say('Nothing here'), `<p>${html(why)}</p>`, '');
}

const frame = (
  { tag }: Language,
  title: string,
  body: string,
  head: string,
): string => `<!doctype html>
<html lang="${tag}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">${head}
<title>${html(title)}</title>
<style>
body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
.b{display:inline-block;padding:.6rem 1rem;margin:.2rem .3rem .2rem 0;border-radius:.4rem;background:#0b57d0;color:#fff;text-decoration:none}
h1{font-size:1.5rem;overflow-wrap:anywhere}
li{margin:.4rem 0}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}}
</style></head>
<body><h1>${html(title)}</h1>
${body}
</body></html>
`;

const html = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
