import { hostname } from 'node:os';
import type { Log } from '../api/index.ts';
import { readWorkerConfig, type WorkerConfig } from '../config/worker-config/worker-config.ts';
import { type AccessPolicy, readAccessPolicy } from '../rest/access/access-policy.ts';
import { readAllowedHosts } from '../rest/access/allowed-hosts.ts';
import { isDefaultHost, type Listener } from '../rest/listeners.ts';

type Properties = Readonly<Record<string, string>>;

export function logIgnoredProperties(props: Properties, config: WorkerConfig, log: Log): void {
  const { unknown, withoutEffect } = readWorkerConfig(props);
  for (const key of unknown) log.warn({ key }, 'unknown worker property, ignored');
  for (const [key, instead] of withoutEffect) log.info({ key, instead }, 'worker property without effect');
  if (props['offset.storage.file.filename'] !== undefined)
    log.warn(
      { 'offset.storage.topic': config['offset.storage.topic'] },
      'offset.storage.file.filename is ignored: offsets are stored in Kafka',
    );
}

export function accessPolicyOf(props: Properties, config: WorkerConfig, listeners: readonly Listener[]): AccessPolicy {
  const hosts = readAllowedHosts({
    configured: config['rest.allowed.hosts'],
    listeners,
    advertised: props['rest.advertised.host.name'],
  });
  return { ...readAccessPolicy(props), ...(hosts && { hosts }) };
}

/** Name of the worker in states: host:port. All workers have the same default address; the machine's name distinguishes them. */
export function workerIdOf(props: Properties, { host, port }: Listener): string {
  const defaultHost = isDefaultHost(props) || host === '' ? hostname() : host;
  return `${props['rest.advertised.host.name'] ?? defaultHost}:${props['rest.advertised.port'] ?? port}`;
}

export function temporalOptions(config: WorkerConfig) {
  const apiKey = config['temporal.api.key'];
  return {
    address: config['temporal.address'],
    ...(config['temporal.tls.enabled'] || apiKey !== null ? { tls: true } : {}),
    ...(apiKey === null ? {} : { apiKey }),
  };
}
