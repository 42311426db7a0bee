import type { ElasticsearchConfig } from './keys.ts';
import { readResources } from './resources.ts';
import { type TlsOptions, tlsOf } from './tls.ts';
import { urlsOf } from './urls.ts';

/** How to reach the cluster. */
export interface Connection {
  readonly urls: readonly URL[];
  /** The value of the Authorization header. */
  readonly authorization: string | undefined;
  readonly tls: TlsOptions;
  readonly compressed: boolean;
  /** Milliseconds; 0 for no bound. */
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** Milliseconds; undefined for no bound. */
  readonly idleMs: number | undefined;
  readonly inFlight: number;
  readonly maxRetries: number;
  readonly backoffMs: number;
}

/** What becomes of records. */
export interface Settings {
  readonly connection: Connection;
  readonly batchRecords: number;
  readonly bulkBytes: number;
  readonly upsert: boolean;
  keyIgnored(topic: string): boolean;
  schemaIgnored(topic: string): boolean;
  readonly compactMaps: boolean;
  readonly nulls: 'ignore' | 'delete' | 'fail';
  readonly malformed: 'ignore' | 'warn' | 'fail';
  readonly dropInvalid: boolean;
  readonly versionHeader: string | undefined;
  /** Index or alias by topic; undefined where each topic has an index of its own, which is made where it is missing. */
  readonly resources: ReadonlyMap<string, string> | undefined;
  /** What is configured and has no meaning here: warned about. */
  readonly warnings: readonly string[];
}

export function settingsOf(config: ElasticsearchConfig): Settings {
  const keys = new Set(config['topic.key.ignore']);
  const schemas = new Set(config['topic.schema.ignore']);
  return {
    connection: connectionOf(config),
    batchRecords: config['batch.size'],
    bulkBytes: config['bulk.size.bytes'] < 0 ? Number.POSITIVE_INFINITY : config['bulk.size.bytes'],
    upsert: config['write.method'] === 'upsert',
    keyIgnored: topic => config['key.ignore'] || keys.has(topic),
    schemaIgnored: topic => config['schema.ignore'] || schemas.has(topic),
    compactMaps: config['compact.map.entries'],
    nulls: config['behavior.on.null.values'],
    malformed: config['behavior.on.malformed.documents'],
    dropInvalid: config['drop.invalid.message'],
    versionHeader: config['external.version.header'] || undefined,
    resources: readResources(config),
    warnings: config['type.name'] === '' ? [] : ['type.name has no effect: indices have had no types since version 7'],
  };
}

function connectionOf(config: ElasticsearchConfig): Connection {
  const user = config['connection.username'];
  const password = config['connection.password'];
  const idle = config['max.connection.idle.time.ms'];
  return {
    urls: urlsOf(config['connection.url']),
    authorization:
      user === null || password === null ? undefined : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
    tls: tlsOf(config),
    compressed: config['connection.compression'],
    connectTimeoutMs: config['connection.timeout.ms'],
    readTimeoutMs: config['read.timeout.ms'],
    idleMs: idle > 0 ? idle : undefined,
    inFlight: config['max.in.flight.requests'],
    maxRetries: config['max.retries'],
    backoffMs: config['retry.backoff.ms'],
  };
}
