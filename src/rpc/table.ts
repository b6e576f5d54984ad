// THE table of methods: the control socket, the command line, the access rights and the manual all read it.
import type { MethodTable } from './method.ts';
import { accountMethods } from './methods/accounts.ts';
import { captureMethods } from './methods/capture.ts';
import { certificateMethods } from './methods/certificates.ts';
import { importMethods } from './methods/import.ts';
import { linkMethods } from './methods/links.ts';
import { poolMethods } from './methods/pool.ts';
import { saMethods } from './methods/sa.ts';
import { serviceMethods } from './methods/service.ts';
import { traceMethods } from './methods/trace.ts';

export const methods: MethodTable = {
  ...serviceMethods,
  ...saMethods,
  ...poolMethods,
  ...certificateMethods,
  ...accountMethods,
  ...linkMethods,
  ...importMethods,
  ...traceMethods,
  ...captureMethods,
};
