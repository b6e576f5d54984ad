// Certificates while the service runs: the desk that changes them, the watch over their files, and who looks after
// their days.
import { randomFillSync } from 'node:crypto';
import type { AccountDesk } from '../rpc/accounts.ts';
import type { CheckedConfiguration } from '../rpc/api.ts';
import type { CertificateDesk } from '../rpc/certificates.ts';
import type { ImportDesk } from '../rpc/importing.ts';
import type { Log } from '../trace/log.ts';
import type { Assembly } from './assemble.ts';
import { CertificateCare } from './certificate-care.ts';
import { systemClock } from './daemon.ts';
import { accountDesk } from './desk/accounts.ts';
import { certificateDesk } from './desk/desk.ts';
import { importDesk } from './desk/imports.ts';
import type { DeskPlace } from './desk/place.ts';
import { FileWatch } from './file-watch.ts';
import { type Gathered, revokedFile } from './gather.ts';
import type { Links } from './links/links.ts';
import { serveLinks } from './links/serve.ts';
import { forProcessor } from './preference.ts';
import { refresh } from './reload.ts';

export interface Certificates {
  readonly desk: CertificateDesk;
  readonly accounts: AccountDesk;
  readonly imports: ImportDesk;
  readonly links: Links;
  close(): void;
}

/** @param reload uses the configuration file as it is */
export function openCertificates(
  assembly: Assembly,
  place: { readonly configFile: string; readonly log: Log },
  reload: () => Promise<CheckedConfiguration>,
): Certificates {
  const { inUse, tracer } = assembly;
  const now = (): Date => new Date();
  const watch = new FileWatch({
    after: systemClock.after,
    files: () => filesOf(inUse.gathered),
    changed: () => void refresh(assembly, place),
  });
  const desks: DeskPlace = {
    configFile: place.configFile,
    inOrder: (gathered) => forProcessor(gathered, assembly.plane),
    now,
    random: (bytes) => randomFillSync(new Uint8Array(bytes)),
    async configured() {
      const checked = await reload();
      watch.settle();
      return checked;
    },
    filesChanged() {
      refresh(assembly, place);
      watch.settle();
    },
  };
  const desk = certificateDesk(desks);
  const care = new CertificateCare({
    after: systemClock.after,
    now,
    desk,
    report: (event) => tracer.report(event),
    complain: (doing, why) => tracer.trouble(doing, why),
  });
  const accounts = accountDesk(desks, desk);
  const links = serveLinks(accounts, () => inUse.gathered.configuration.service);
  return {
    desk,
    accounts,
    links,
    imports: importDesk(desks),
    close() {
      links.close();
      watch.close();
      care.close();
    },
  };
}

function filesOf({ configuration }: Gathered): readonly string[] {
  const { certificates, authorities, service } = configuration;
  return [
    ...certificates.flatMap(({ file, key }) => [file, key]),
    ...authorities.flatMap(({ file, crls }) => [
      file,
      ...crls.filter((one) => one.startsWith('/')),
    ]),
    revokedFile(service.folder),
  ];
}
