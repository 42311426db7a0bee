import {
  type AlterOffsetsResult,
  type ConnectorArgs,
  type ConnectorConfig,
  type ConnectorStatus,
  type ConnectorType,
  type OffsetEntry,
  type TargetState,
  updates,
} from '../../../workflows/shared/messages.ts';
import { jsonBytes, PAYLOAD_LIMITS } from '../../config/payload-limits.ts';
import { secretKeys } from '../../config/secrets/secret-keys.ts';
import { MillraceError } from '../../errors.ts';
import { isConflict } from '../grpc-errors.ts';
import type { ConnectorWorkflows } from './connector-workflows.ts';
import type { ConnectorInfo, TaskInfo } from './control.ts';

/** The second attempt follows a concurrent creation or change, the third a concurrent deletion. */
const CONFIGURE_ATTEMPTS = 3;
/** Attempts to apply a patch while other clients change the connector. */
const PATCH_ATTEMPTS = 10;

export interface ConnectorConfigurationsDeps {
  readonly workflows: ConnectorWorkflows;
  readonly cluster: string;
  /**
   * Checks a configuration and replaces its secrets by placeholders, so that it may be stored in a workflow's history.
   * Secrets that are unchanged keep the placeholders that they have in the configuration before. CONFIG_INVALID.
   */
  admit(
    name: string,
    config: ConnectorConfig,
    before?: ConnectorConfig,
  ): Promise<{ type: ConnectorType; config: ConnectorConfig }>;
  /** Stores values that are too large for a workflow as secrets. If absent, such values are rejected. */
  offload?(connector: string, config: ConnectorConfig, keys: readonly string[]): Promise<ConnectorConfig>;
  /** Returns a configuration as it was submitted to `admit`, except for secrets that are not shown. */
  reveal(connector: string, config: ConnectorConfig): Promise<ConnectorConfig>;
  /** Deletes the secrets of a configuration that is no longer used. Idempotent. */
  deleteSecrets(connector: string, config: ConnectorConfig): Promise<void>;
}

/** Creates and changes connectors: admission, storage of secrets, and conflicts with other clients. */
export class ConnectorConfigurations {
  readonly #deps: ConnectorConfigurationsDeps;
  readonly #workflows: ConnectorWorkflows;

  constructor(deps: ConnectorConfigurationsDeps) {
    this.#deps = deps;
    this.#workflows = deps.workflows;
  }

  async info(name: string): Promise<ConnectorInfo> {
    return this.#infoOf(await this.#workflows.status(name));
  }

  async tasks(name: string): Promise<TaskInfo[]> {
    const { config, tasks } = await this.#workflows.status(name);
    return Promise.all(
      tasks.map(async ({ id, config: overrides }) => ({
        id: { connector: name, task: id },
        config: await this.#deps.reveal(name, hideSecrets({ ...config, ...overrides })),
      })),
    );
  }

  async create(name: string, config: ConnectorConfig, state?: TargetState): Promise<ConnectorInfo> {
    const { cluster, admit, deleteSecrets, reveal } = this.#deps;
    const admitted = await admit(name, config);
    const args: ConnectorArgs = { cluster, name, ...admitted, ...(state === undefined ? {} : { state }) };
    await this.#workflows.start(args).catch(async (error: unknown) => {
      // After any other error the connector may have been started, and its answer lost.
      if (isConflict(error)) await deleteSecrets(name, admitted.config);
      throw error;
    });
    await this.#workflows.waitUntilListed(name);
    return { name, config: await reveal(name, admitted.config), tasks: [], type: admitted.type };
  }

  /** Creates a connector that starts at offsets: it is STOPPED until they are set. */
  async createAtOffsets(
    offsets: readonly OffsetEntry[],
    name: string,
    config: ConnectorConfig,
    state: TargetState = 'RUNNING',
  ): Promise<ConnectorInfo> {
    const info = await this.create(name, config, 'STOPPED');
    try {
      await this.alterOffsets(name, offsets);
    } catch (error) {
      await this.#workflows.delete(name);
      throw error;
    }
    if (state === 'RUNNING') await this.#workflows.update(name, updates.resume);
    else if (state === 'PAUSED') await this.#workflows.update(name, updates.pause);
    return info;
  }

  async configure(name: string, config: ConnectorConfig): Promise<{ info: ConnectorInfo; created: boolean }> {
    for (let attempt = 1; ; attempt++) {
      const before = await this.#workflows.status(name).catch(undefinedIfNotFound);
      try {
        if (before === undefined) return { info: await this.create(name, config), created: true };
        return { info: await this.#change(before, config, { force: attempt > 1 }), created: false };
      } catch (error) {
        // Another client created or configured the connector in the meantime.
        if (!isConflict(error) || attempt === CONFIGURE_ATTEMPTS) throw error;
      }
    }
  }

  async patch(name: string, patch: Readonly<Record<string, string | null>>): Promise<ConnectorInfo> {
    for (let attempt = 1; ; attempt++) {
      const before = await this.#workflows.status(name);
      const config = await this.#deps.reveal(name, before.config);
      const merged = Object.entries({ ...config, ...patch, name }).filter(isText);
      try {
        return await this.#change(before, Object.fromEntries(merged), { force: false });
      } catch (error) {
        if (!isConflict(error) || attempt === PATCH_ATTEMPTS) throw error;
      }
    }
  }

  async alterOffsets(name: string, offsets: readonly OffsetEntry[] | null): Promise<AlterOffsetsResult> {
    const { offload, deleteSecrets } = this.#deps;
    if (offsets === null) return this.#workflows.updateOffsets(name, updates.resetOffsets);
    if (jsonBytes(offsets) <= PAYLOAD_LIMITS.offsets)
      return this.#workflows.updateOffsets(name, updates.alterOffsets, offsets);
    if (offload === undefined)
      throw new MillraceError(
        'BAD_REQUEST',
        `These offsets have more than ${PAYLOAD_LIMITS.offsets} bytes of JSON: set them in several requests or over the REST API.`,
      );
    const offloaded = await offload(name, { offsets: JSON.stringify(offsets) }, ['offsets']);
    try {
      return await this.#workflows.updateOffsets(name, updates.alterOffsets, [], offloaded['offsets']);
    } finally {
      await deleteSecrets(name, offloaded);
    }
  }

  /**
   * Configures an existing connector. Unchanged secrets keep their placeholders, so that another client's change in the
   * meantime, which may have deleted them, is a CONFLICT. force: stores all secrets again and skips the conflict check.
   */
  async #change(
    before: ConnectorStatus,
    config: ConnectorConfig,
    { force }: { force: boolean },
  ): Promise<ConnectorInfo> {
    const { name } = before;
    const { admit, deleteSecrets } = this.#deps;
    const admitted = await admit(name, config, force ? undefined : before.config);
    if (admitted.type !== before.type) throw typeChangeError(name, before.type, admitted.type);
    try {
      await this.#workflows.update(name, updates.configure, admitted.config, ...(force ? [] : [before.revision]));
    } catch (error) {
      // After any other error the connector may use the new secrets.
      if (isConflict(error)) await deleteSecrets(name, valuesOnlyIn(admitted.config, before.config));
      throw error;
    }
    await deleteSecrets(name, valuesOnlyIn(before.config, admitted.config));
    return this.#infoOf({ ...before, config: admitted.config });
  }

  async #infoOf({ name, config, tasks, type }: ConnectorStatus): Promise<ConnectorInfo> {
    return {
      name,
      config: await this.#deps.reveal(name, hideSecrets(config)),
      tasks: tasks.map(({ id }) => ({ connector: name, task: id })),
      type,
    };
  }
}

const typeChangeError = (name: string, before: ConnectorType, after: ConnectorType): MillraceError =>
  new MillraceError(
    'BAD_REQUEST',
    `Connector ${name} is a ${before}. Choose another name for a ${after}, or delete the connector first.`,
  );

/** Hides secrets in plain text, which a client of Temporal may have submitted. */
const hideSecrets = (config: ConnectorConfig): ConnectorConfig => ({
  ...config,
  ...Object.fromEntries(secretKeys(config).map(key => [key, '[hidden]'])),
});

function undefinedIfNotFound(error: unknown): undefined {
  if (!(error instanceof MillraceError && error.code === 'NOT_FOUND')) throw error;
}

const isText = (entry: [string, string | null]): entry is [string, string] => entry[1] !== null;

/** Entries of `config` with values that `other` does not have. */
function valuesOnlyIn(config: ConnectorConfig, other: ConnectorConfig): ConnectorConfig {
  const values = new Set(Object.values(other));
  return Object.fromEntries(Object.entries(config).filter(([, value]) => !values.has(value)));
}
