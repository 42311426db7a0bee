import type { OffsetEntry } from '../../workflows/shared/messages.ts';
import type { Log } from '../api/component.ts';
import type { ConfigInfos, KeyDefinition } from '../config/connector-config/config-infos.ts';
import type { Level, Loggers } from '../observability/loggers.ts';
import type { ConnectorInfo, Control } from '../temporal/control/control.ts';

/** Dependencies of the REST server. */
export interface RestDeps {
  readonly control: Control;
  readonly plugins: Plugins;
  /** Reads a connector's offsets. KAFKA_UNAVAILABLE. */
  offsets(connector: ConnectorInfo): Promise<readonly OffsetEntry[]>;
  /** Kafka's cluster id. KAFKA_UNAVAILABLE. */
  clusterId(): Promise<string>;
  /** Millrace's version. */
  readonly version: string;
  readonly commit?: string;
  readonly log: Log;
  /** False until the worker has started; until then /health answers 503. Default: started. */
  started?(): boolean;
  /** Metrics for Prometheus. If absent, there is no /metrics. */
  metrics?(): Promise<MetricsText>;
  /** If absent, there is no /admin/loggers. */
  readonly loggers?: Loggers;
  /** Sets a level in every worker of the cluster. If absent, `scope=cluster` is rejected. KAFKA_UNAVAILABLE. */
  setClusterLevel?(logger: string, level: Level): Promise<void>;
  /** Enables reading and resetting the used topics (KIP-558). Default: both. */
  readonly topicTracking?: { readonly enabled: boolean; readonly reset: boolean };
  readonly limits?: Partial<Limits>;
}

export interface Limits {
  /** Timeout of a request, after which it is answered with 503. Kafka Connect's is 90 s. */
  readonly requestMs: number;
  /** Timeout of `GET /` and `GET /health`. */
  readonly probeMs: number;
  /** Maximum number of open connections; further ones are closed without an answer. */
  readonly connections: number;
}

export interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

/** The components available to connectors. */
export interface Plugins {
  /** connectorsOnly: only sources and sinks, without transforms, predicates and converters. */
  list(connectorsOnly: boolean): readonly PluginInfo[];
  /** Kafka Connect's Java class of a connector's tasks; undefined for a connector that has none. */
  taskClass(connectorClass: string): string | undefined;
  /** The configuration keys of a plugin, by class, short name or alias. NOT_FOUND; BAD_REQUEST for another version. */
  keys(plugin: string, version?: string): Promise<readonly KeyDefinition[]>;
  /** Validates a connector's configuration. BAD_REQUEST if `connector.class` is unknown. */
  validate(plugin: string, config: PatchedConfig): Promise<ConfigInfos>;
}

/** The configuration in a request. null: a key without a value. */
export type PatchedConfig = Readonly<Record<string, string | null>>;

export interface PluginInfo {
  readonly class: string;
  readonly type: 'source' | 'sink' | 'converter' | 'header_converter' | 'transformation' | 'predicate';
  readonly version: string;
}
