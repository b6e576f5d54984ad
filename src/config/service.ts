// The section `service`: settings of the gateway as a whole, and the timing of the core.
import { seconds } from '../base/time.ts';
import type { Timing } from '../policy/policy.ts';
import type { ServiceSettings } from './configuration.ts';
import type { Findings } from './findings.ts';
import { type OptionsOf, sectionTypes } from './options.ts';
import type { Section } from './read.ts';

/** The one section `service`, or its defaults. */
export function serviceOptions(
  [first, ...more]: readonly Section<'service'>[],
  findings: Findings,
): OptionsOf<'service'> {
  if (!first) return sectionTypes.service.options.parse({});
  for (const { section } of more) {
    findings.error(
      { section },
      `line ${first.section.line} has a service section already`,
      'Join the two: there is one gateway.',
    );
  }
  checkService(first, findings);
  return first.options;
}

function checkService({ section, options }: Section<'service'>, findings: Findings): void {
  const { port, natt_port, keylog } = options;
  if (section.name !== 'main') {
    findings.warning(
      { section },
      'its name is not main, so the web page does not find it',
      "Write: config service 'main'.",
    );
  }
  if (port === natt_port) {
    const option = section.options.has('natt_port') ? 'natt_port' : 'port';
    findings.error(
      { section, option },
      `IKE and IKE through a NAT cannot share port ${port}`,
      'Leave both options out: clients know only 500 and 4500.',
    );
  }
  if (keylog !== undefined) {
    findings.warning(
      { section, option: 'keylog' },
      'the keys of all connections are written to a file: whoever reads it can read the traffic',
      'Remove the option when the fault is found.',
    );
  }
}

export function serviceSettings(options: OptionsOf<'service'>): ServiceSettings {
  const { enabled, identity, listen, port, device, mtu, workers, zone, folder, log, engine } =
    options;
  const {
    natt_port: nattPort,
    copy_dscp: copyDscp,
    keylog,
    websocket,
    links,
    home_net,
    home_wifi,
  } = options;
  return {
    enabled,
    identity,
    listen,
    port,
    nattPort,
    device,
    mtu,
    workers,
    copyDscp,
    zone,
    folder,
    log,
    engine,
    keylog,
    links,
    home: { networks: home_net, wifi: home_wifi },
    websocket: websocket === 'none' ? undefined : websocket,
  };
}

export function timing(options: OptionsOf<'service'>): Timing {
  return {
    retransmitBase: options.retransmit_base,
    retransmitTries: options.retransmit_tries,
    halfOpen: options.half_open,
    keepalive: options.keepalive,
    // Phones give up after some 15 seconds: an answer that takes longer comes too late anyway.
    question: seconds(10),
  };
}
