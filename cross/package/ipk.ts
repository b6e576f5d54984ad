// The .ipk of OpenWrt up to 24.10: a compressed tar of three members, in an order that opkg relies on.
import { gzip, tar } from './tar.ts';
import { type Entry, Tree } from './tree.ts';

/** What stands in the package's `control`, as opkg names it; without Architecture and Installed-Size. */
export interface Control {
  readonly Package: string;
  readonly Version: string;
  readonly Depends: string;
  readonly License: string;
  readonly Section: string;
  readonly Maintainer: string;
  /** The first line says it; the others explain. */
  readonly Description: readonly string[];
}

export interface Ipk {
  readonly fileName: string;
  /** The text of `control`, as an index repeats it. */
  readonly control: string;
  readonly bytes: Buffer;
}

export interface Scripts {
  /** Run when the files are gone, also when a new version took their place: `upgrade` is the first word then. */
  readonly postrm?: string;
}

/** @param conffiles absolute paths of files that belong to the owner of the router */
export function packIpk(
  control: Control,
  architecture: string,
  tree: Tree,
  conffiles: readonly string[],
  scripts: Scripts,
  seconds: number,
): Ipk {
  const data = tar([root, ...tree.entries()], seconds);
  const text = formatControl(control, architecture, data.length);
  const outer = new Tree();
  outer.file('control', text);
  if (conffiles.length > 0) outer.file('conffiles', `${conffiles.join('\n')}\n`);
  outer.file('postinst', postinst, 0o755);
  outer.file('prerm', prerm, 0o755);
  if (scripts.postrm) outer.file('postrm', scripts.postrm, 0o755);
  const members: Entry[] = [
    member('debian-binary', Buffer.from('2.0\n')),
    member('data.tar.gz', gzip(data)),
    member('control.tar.gz', gzip(tar([root, ...outer.entries()], seconds))),
  ];
  const fileName = `${control.Package}_${control.Version}_${architecture}.ipk`;
  return { fileName, control: text, bytes: gzip(tar(members, seconds)) };
}

function formatControl(control: Control, architecture: string, size: number): string {
  const { Description, ...fields } = control;
  const all = { ...fields, Architecture: architecture, 'Installed-Size': size };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${[...lines, `Description: ${Description.join('\n ')}`].join('\n')}\n`;
}

const member = (path: string, data: Buffer): Entry => ({ kind: 'file', path, mode: 0o644, data });

/** `./` itself, as every package of OpenWrt begins. */
const root: Entry = { kind: 'directory', path: '', mode: 0o755 };

/** The words that every package of OpenWrt has here. */
const postinst = `#!/bin/sh
[ "\${IPKG_NO_SCRIPT}" = "1" ] && exit 0
[ -s "\${IPKG_INSTROOT}/lib/functions.sh" ] || exit 0
. "\${IPKG_INSTROOT}/lib/functions.sh"
default_postinst "$0" "$@"
`;
const prerm = `#!/bin/sh
[ -s "\${IPKG_INSTROOT}/lib/functions.sh" ] || exit 0
. "\${IPKG_INSTROOT}/lib/functions.sh"
default_prerm "$0" "$@"
`;
