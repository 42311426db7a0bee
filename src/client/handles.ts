import type {
  ConnectorConfig,
  ConnectorType,
  OffsetEntry,
  RestartRequest,
  TargetState,
} from '../../workflows/shared/messages.ts';
import { MillraceError } from '../errors.ts';
import type { ConnectorInfo, Control, StatusInfo } from '../temporal/control.ts';

/** The connectors of one cluster. */
export interface Millrace extends AsyncDisposable {
  readonly connectors: Connectors;
  /** Closes the connection, unless it belongs to a client that was given. */
  close(): Promise<void>;
}

/** As in Kafka Connect's properties and JSON; numbers and booleans become texts. */
export type GivenConfig = Readonly<Record<string, string | number | boolean>>;

export interface StartOptions {
  /** What it shall do at first. Default RUNNING. */
  readonly state?: TargetState;
  /** Needed where `connector.class` is a plugin's, which only the workers know. */
  readonly type?: ConnectorType;
}

/**
 * Errors are MillraceErrors: CONFLICT for a name that is taken, BAD_REQUEST, NOT_FOUND, TEMPORAL_UNAVAILABLE. Any number
 * of calls may be under way.
 */
export interface Connectors {
  /** Names, in order. */
  list(): Promise<readonly string[]>;
  /**
   * Starts a connector; resolves when Temporal has it, not when its tasks run. A configuration that the workers refuse
   * makes the connector FAILED, with their sentences as its trace. A secret in plain text is refused here, with
   * BAD_REQUEST, before anything is sent.
   */
  start(name: string, config: GivenConfig, options?: StartOptions): Promise<ConnectorHandle>;
  /** The connector of that name, without asking whether there is one. */
  get(name: string): ConnectorHandle;
}

/** NOT_FOUND from each method where there is no such connector (any more). */
export interface ConnectorHandle {
  readonly name: string;
  /** Its configuration, with placeholders in the place of secrets, and its tasks. */
  info(): Promise<ConnectorInfo>;
  /** States of the connector and its tasks, who runs them, and what they last reported. */
  status(): Promise<StatusInfo>;
  /** Like the next two, resolves when the connector has taken it, not when its tasks have. Idempotent. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends the tasks; the connector and its offsets stay. */
  stop(): Promise<void>;
  /** Without options: the connector with all its tasks. */
  restart(options?: Partial<RestartRequest>): Promise<StatusInfo>;
  restartTask(task: number): Promise<void>;
  /** Changes keys of the configuration; null takes one away. Nobody else's change of other keys is lost. */
  patch(changes: Readonly<Record<string, string | number | boolean | null>>): Promise<void>;
  /** Replaces the whole configuration. Placeholders that `info` has answered may be given again. */
  configure(config: GivenConfig): Promise<void>;
  /**
   * Sets positions of a connector that is STOPPED, in the form in which Kafka Connect's REST API has them; a null offset
   * takes one away. Resolves when they are set. BAD_REQUEST where it is not stopped, or they are not such positions.
   */
  alterOffsets(offsets: readonly OffsetEntry[]): Promise<void>;
  /** Takes all positions away from a connector that is STOPPED: it begins anew. */
  resetOffsets(): Promise<void>;
  /** Resolves when it has ended and the name is free. Its offsets stay. */
  delete(): Promise<void>;
}

/** controlFor: a control whose configurations are of the type given, or else of what their class tells. */
export function connectorsOf(controlFor: (type?: ConnectorType) => Control): Connectors {
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
      // `configure` of the REST API makes what is not there; a handle is of something.
      const { type } = await control.info(name);
      await controlFor(type).configure(name, textsOf(name, config));
    },
    async patch(changes) {
      const { type } = await control.info(name);
      const texts = Object.entries(changes).map(([key, value]) => [key, value === null ? null : String(value)]);
      await controlFor(type).patch(name, Object.fromEntries(texts));
    },
    alterOffsets: async offsets => void (await control.alterOffsets(name, offsets)),
    resetOffsets: async () => void (await control.alterOffsets(name, null)),
    delete: () => control.delete(name),
  });
  return {
    list: () => control.list(),
    get,
    async start(name, config, { state, type } = {}) {
      if (name.trim() === '') throw new MillraceError('BAD_REQUEST', 'A connector needs a name.');
      await controlFor(type).create(name, textsOf(name, config), state);
      return get(name);
    },
  };
}

function textsOf(name: string, config: GivenConfig): ConnectorConfig {
  if (config['name'] !== undefined && config['name'] !== name)
    throw new MillraceError(
      'BAD_REQUEST',
      `The configuration of the connector ${name} has the name ${config['name']}.`,
    );
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, String(value)]));
}
