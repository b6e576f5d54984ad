// What the C module refuses, in the owner's words: a code for programs, why it happened, and what helps.
import { constants } from './abi.ts';

export type DataPlaneFault = keyof typeof cures;

/** The data plane could not do what it was asked. `message` says why, without a full stop. */
export class DataPlaneError extends Error {
  override readonly name = 'DataPlaneError';
  readonly code: DataPlaneFault;
  /** What the owner can do. */
  readonly cure: string;

  /** @param why in place of the usual sentence, when the C module knows more */
  constructor(code: DataPlaneFault, why = '') {
    const usual = cures[code];
    super(why || usual.why);
    this.code = code;
    this.cure = usual.cure;
  }

  get why(): string {
    return this.message;
  }
}

/** @param code enum esp_code, not ESP_OK */
export function faultOf(code: number, why = ''): DataPlaneError {
  return new DataPlaneError(faults[code] ?? 'system', why || undefined);
}

const reportIt = 'This should not happen: please report it with the log.';
const cures = {
  'port-in-use': {
    why: 'a UDP port is in use by another program',
    cure: "Stop the program that has it (strongSwan? libreswan?) or set the options 'port' and 'natt_port' of the service.",
  },
  permission: {
    why: 'the system does not permit it',
    cure: 'Start the service as root.',
  },
  address: {
    why: 'an address to listen on is not on this machine',
    cure: "Correct option 'listen' of the service, or leave it out to listen on all addresses.",
  },
  'no-tun': {
    why: '/dev/net/tun cannot be opened',
    cure: 'Install the package kmod-tun, or load the module with «modprobe tun».',
  },
  'device-exists': {
    why: 'the network device exists already',
    cure: "Stop the program that made it, or choose another name with option 'device' of the service.",
  },
  unsupported: {
    why: 'the data plane cannot do this cipher, key length or encapsulation',
    cure: "Choose another ESP proposal with option 'esp' of the connection.",
  },
  'no-child': { why: 'there is no such CHILD_SA', cure: reportIt },
  'child-exists': { why: 'this CHILD_SA or its SPI is installed already', cure: reportIt },
  'no-socket': {
    why: 'nothing listens on the local address and port of this path',
    cure: "Add the address to option 'listen' of the service.",
  },
  'no-trap': { why: 'there is no such trap', cure: reportIt },
  'trap-exists': { why: 'this trap is set already', cure: reportIt },
  memory: { why: 'there is not enough memory', cure: 'Free memory, or serve fewer tunnels.' },
  argument: { why: 'the data plane refuses a value as out of range', cure: reportIt },
  version: {
    why: 'libikev2esp.so is of another version than the program',
    cure: 'Install the package again; both are in it.',
  },
  library: {
    why: 'libikev2esp.so cannot be loaded',
    cure: 'Install the package for this processor, or build it with «make native».',
  },
  system: { why: 'the system refused', cure: reportIt },
} as const;

const faults: Readonly<Record<number, DataPlaneFault>> = {
  [constants.ESP_BAD_ARGUMENT]: 'argument',
  [constants.ESP_BAD_VERSION]: 'version',
  [constants.ESP_PORT_IN_USE]: 'port-in-use',
  [constants.ESP_PERMISSION]: 'permission',
  [constants.ESP_ADDRESS]: 'address',
  [constants.ESP_NO_TUN]: 'no-tun',
  [constants.ESP_DEVICE_EXISTS]: 'device-exists',
  [constants.ESP_UNSUPPORTED]: 'unsupported',
  [constants.ESP_NO_CHILD]: 'no-child',
  [constants.ESP_CHILD_EXISTS]: 'child-exists',
  [constants.ESP_NO_SOCKET]: 'no-socket',
  [constants.ESP_NO_MEMORY]: 'memory',
  [constants.ESP_NO_TRAP]: 'no-trap',
  [constants.ESP_TRAP_EXISTS]: 'trap-exists',
};
