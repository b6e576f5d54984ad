// What of others is in the bundle, as CycloneDX tells it: names, versions, licences and hashes from package-lock.json,
// and of its packages those alone that esbuild took something from. The same sources give the same bytes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} root of the checkout
 * @param {Iterable<string>} inputs files of the bundle, as esbuild's metafile names them
 * @param {readonly string[]} beside packages that stand beside the bundle
 */
export function billOfMaterials(root, inputs, beside) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const names = new Set([...[...inputs].flatMap((path) => packageOf(path) ?? []), ...beside]);
  const components = [...names].sort().map((name) => componentOf(name, lock));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        ...{ type: 'application', 'bom-ref': lock.name, name: lock.name, version: lock.version },
        licenses: [{ expression: lock.packages[''].license }],
      },
    },
    components,
  };
}

/** `node_modules/@noble/hashes/utils.js` is of `@noble/hashes`; one inside another package of that one. */
function packageOf(path) {
  const inner = path.split('node_modules/').slice(1);
  return inner.length === 0
    ? undefined
    : inner.map((part) => /^(@[^/]+\/)?[^/]+/.exec(part)?.[0]).join('/node_modules/');
}

function componentOf(name, { packages }) {
  const found = packages[`node_modules/${name}`];
  if (!found?.license) throw new Error(`package-lock.json does not say what ${name} is`);
  const { version, license, integrity } = found;
  const plain = name.split('/node_modules/').at(-1);
  const purl = `pkg:npm/${plain.replace('@', '%40')}@${version}`;
  const content = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
  return {
    ...{ type: 'library', 'bom-ref': purl, name: plain, version, purl },
    licenses: [{ expression: license }],
    hashes: [{ alg: 'SHA-512', content }],
  };
}
