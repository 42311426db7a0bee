import type {
  ConnectorConfig,
  ConnectorType,
  OffsetEntry,
  RestartRequest,
  TargetState,
} from '../../workflows/shared/messages.ts';
import { MillraceError } from '../errors.ts';
import type { ConnectorInfo, Control, StatusInfo } from '../temporal/control/control.ts';

/** The connectors of one cluster. */
export interface Millrace extends AsyncDisposable {
  readonly connectors: Connectors;
  /** Closes the connection, unless the caller passed an existing client. */
  close(): Promise<void>;
}

/** Properties in Kafka Connect's format. Numbers and booleans are converted to strings. */
export type ConnectorProps = Readonly<Record<string, string | number | boolean>>;

export interface StartOptions {
  /** Initial state. Default RUNNING. */
  readonly state?: TargetState;
  /** Required if `connector.class` is that of a plugin, which only the workers have. */
  readonly type?: ConnectorType;
}

/**
 * Errors are MillraceErrors: CONFLICT for an existing name, BAD_REQUEST, NOT_FOUND, TEMPORAL_UNAVAILABLE. Calls may be
 * concurrent.
 */
export interface Connectors {
  /** Names, sorted. */
  list(): Promise<readonly string[]>;
  /**
   * Starts a connector; resolves when Temporal has stored it, not when its tasks run. A configuration that the workers
   * reject makes the connector FAILED, with their messages as its trace. A secret in plain text is rejected with BAD_REQUEST
   * before anything is sent.
   */
  start(name: string, config: ConnectorProps, options?: StartOptions): Promise<ConnectorHandle>;
  /** Returns a handle without checking that the connector exists. */
  get(name: string): ConnectorHandle;
}

/** Each method rejects with NOT_FOUND if the connector does not exist. */
export interface ConnectorHandle {
  readonly name: string;
  /** The configuration, with placeholders in the place of secrets, and the tasks. */
  info(): Promise<ConnectorInfo>;
  /** States of the connector and its tasks, their workers and their last figures. */
  status(): Promise<StatusInfo>;
  /** `pause`, `resume` and `stop` resolve when the connector has accepted the state, before its tasks have. Idempotent. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends the tasks; the connector and its offsets stay. */
  stop(): Promise<void>;
  /** Default options: the connector with all its tasks. */
  restart(options?: Partial<RestartRequest>): Promise<StatusInfo>;
  restartTask(task: number): Promise<void>;
  /** Changes keys of the configuration; null removes a key. Concurrent changes of other keys are preserved. */
  patch(changes: Readonly<Record<string, string | number | boolean | null>>): Promise<void>;
  /** Replaces the whole configuration. It may contain placeholders from `info`. */
  configure(config: ConnectorProps): Promise<void>;
  /**
   * Changes offsets of a connector that is STOPPED, in the format of Kafka Connect's REST API; a null offset resets a
   * partition. Resolves when they are changed. BAD_REQUEST for a connector that is not stopped or for invalid offsets.
   */
  alterOffsets(offsets: readonly OffsetEntry[]): Promise<void>;
  /** Resets all offsets of a connector that is STOPPED. */
  resetOffsets(): Promise<void>;
  /** Resolves when the connector has ended and its name is free. Its offsets are kept. */
  delete(): Promise<void>;
}

/** controlFor: returns a control for connectors of a type; without it, the class determines the type. */
export function createConnectors(controlFor: (type?: ConnectorType) => Control): Connectors {
  const control = controlFor();
  const get = (name: string): ConnectorHandle => ({
    name,
    info: () => control.info(name),
    status: () => control.status(name),
    pause: () => control.pause(name),
    resume: () => control.resume(name),
    stop: () => control.stop(name),
    restart: ({ includeTasks = true, onlyFailed = false } = {}) => control.restart(name, { includeTasks, onlyFailed }),
    restartTask: task => control.restartTask(name, task),
    async configure(config) {
      // Rejects with NOT_FOUND, unlike the REST API, which creates the connector.
      const { type } = await control.info(name);
      await controlFor(type).configure(name, toConnectorConfig(name, config));
    },
    async patch(changes) {
      const { type } = await control.info(name);
      const entries = Object.entries(changes).map(([key, value]) => [key, value === null ? null : String(value)]);
      await controlFor(type).patch(name, Object.fromEntries(entries));
    },
    alterOffsets: async offsets => void (await control.alterOffsets(name, offsets)),
    resetOffsets: async () => void (await control.alterOffsets(name, null)),
    delete: () => control.delete(name),
  });
  return {
    list: () => control.list(),
    get,
    async start(name, config, { state, type } = {}) {
      if (name.trim() === '') throw new MillraceError('BAD_REQUEST', 'The name of the connector is empty.');
      await controlFor(type).create(name, toConnectorConfig(name, config), state);
      return get(name);
    },
  };
}

function toConnectorConfig(name: string, config: ConnectorProps): ConnectorConfig {
  if (config['name'] !== undefined && config['name'] !== name)
    throw new MillraceError(
      'BAD_REQUEST',
      `The configuration of the connector ${name} has the name ${config['name']}.`,
    );
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, String(value)]));
}
