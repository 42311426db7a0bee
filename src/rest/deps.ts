import type { OffsetEntry } from '../../workflows/shared/messages.ts';
import type { Log } from '../api/component.ts';
import type { Level, Loggers } from '../observability/loggers.ts';
import type { ConnectorInfo, Control } from '../temporal/control.ts';

/** What the REST server is made of: everything that it knows of the world comes in here. */
export interface RestDeps {
  readonly control: Control;
  readonly plugins: Plugins;
  /** A connector's stored positions. KAFKA_UNAVAILABLE. */
  offsets(of: ConnectorInfo): Promise<readonly OffsetEntry[]>;
  /** Kafka's cluster id. KAFKA_UNAVAILABLE. */
  clusterId(): Promise<string>;
  /** Millrace's own. */
  readonly version: string;
  readonly commit?: string;
  readonly log: Log;
  /** False until the worker has started; until then /health answers 503. Default: started. */
  started?(): boolean;
  /** What Prometheus reads. Without it there is no /metrics. */
  metrics?(): Promise<MetricsText>;
  /** Without it there is no /admin/loggers. */
  readonly loggers?: Loggers;
  /** Sets a level in every worker of the cluster. Without it `scope=cluster` is refused. KAFKA_UNAVAILABLE. */
  setClusterLevel?(logger: string, level: Level): Promise<void>;
  /** Whether topics in use are told, and may be reset (KIP-558). Default: both. */
  readonly topicTracking?: { readonly enabled: boolean; readonly reset: boolean };
  readonly limits?: Partial<Limits>;
}

export interface Limits {
  /** How long any one request may take before it is answered with 503. Connect's is 90 s. */
  readonly requestMs: number;
  /** How long `GET /` and `GET /health` wait. */
  readonly probeMs: number;
  /** Connections that are open at once; further ones are closed unanswered. */
  readonly connections: number;
}

export interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

/** The components that connectors may name. */
export interface Plugins {
  /** With `connectorsOnly` sources and sinks alone; otherwise transforms, predicates and converters too. */
  list(connectorsOnly: boolean): readonly PluginInfo[];
  /** The Java class of a connector's tasks, as Kafka Connect tells it; undefined for one that has none. */
  taskClass(connectorClass: string): string | undefined;
  /** The configuration keys of a plugin, by class, short name or alias. NOT_FOUND; BAD_REQUEST for another version. */
  keys(plugin: string, version?: string): Promise<readonly KeyDefinition[]>;
  /** Checks a connector's configuration, whatever state it is in. BAD_REQUEST where `connector.class` is unknown. */
  validate(plugin: string, config: PatchedConfig): Promise<ConfigInfos>;
}

/** A configuration as a request has it: null stands for a key that is there and has no value. */
export type PatchedConfig = Readonly<Record<string, string | null>>;

export interface PluginInfo {
  readonly class: string;
  readonly type: 'source' | 'sink' | 'converter' | 'header_converter' | 'transformation' | 'predicate';
  readonly version: string;
}

/** Connect's ConfigKeyInfo. */
export interface KeyDefinition {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default_value: string | null;
  readonly importance: string;
  readonly documentation: string;
  readonly group: string | null;
  readonly order_in_group: number;
  readonly width: string;
  readonly display_name: string;
  readonly dependents: readonly string[];
}

/** Connect's ConfigInfos: the answer of /validate. */
export interface ConfigInfos {
  readonly name: string;
  readonly error_count: number;
  readonly groups: readonly string[];
  readonly configs: readonly {
    readonly definition: KeyDefinition;
    readonly value: {
      readonly name: string;
      readonly value: string | null;
      readonly recommended_values: readonly string[];
      readonly errors: readonly string[];
      readonly visible: boolean;
    };
  }[];
}
