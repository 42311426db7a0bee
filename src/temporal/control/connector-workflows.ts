import type { Client, WorkflowHandle } from '@temporalio/client';
import {
  type ConnectorArgs,
  type ConnectorConfig,
  type ConnectorStatus,
  connectorWorkflowId,
  connectorWorkflowType,
  queries,
  searchAttributes,
  updates,
} from '../../../workflows/shared/messages.ts';
import { hasNoWorker, isTimeout, notFound, toMillraceError } from '../grpc-errors.ts';
import { limitConcurrency } from './limit-concurrency.ts';
import { visibilityWait } from './visibility-wait.ts';

/** Timeout in milliseconds of one request to Temporal. */
const DEADLINE_MS = 8000;
/** Timeout of a workflow update: the worker may have hundreds of other connectors to process. */
const UPDATE_MS = 30_000;
/** A query is sent to one worker. If that one is frozen or cut off, the next attempt may reach another worker. */
const QUERY_ATTEMPT_MS = 2500;
const QUERY_ATTEMPTS = 3;
/** Attempts before the status is taken from Temporal's description of the workflow. */
const STATUS_ATTEMPTS = 2;
/** Timeout of a workflow task, after which Temporal dispatches it to another worker. */
const WORKFLOW_TASK_MS = 5000;
/** Timeout for the tasks of a deleted connector to end and for the removal of its resources. */
const DELETE_MS = 60_000;
/** Timeout of an offset change: tasks end first, and other servers take part. */
const ALTER_OFFSETS_MS = 70_000;
/** Concurrent requests, counted separately for changes and reads. The deadline of a request starts with its turn. */
const MAX_CONCURRENT_REQUESTS = 16;
/** Timeout for Temporal's visibility to reflect a creation or a deletion. */
const VISIBILITY_MS = 5000;

export interface ConnectorWorkflowsDeps {
  readonly client: Client;
  /** Address of Temporal, for error messages. */
  readonly address: string;
  readonly cluster: string;
  readonly taskQueue: string;
}

export type Description = Awaited<ReturnType<WorkflowHandle['describe']>>;

/** Requests to the connector workflows of a cluster, with deadlines and limited concurrency. Throws MillraceErrors. */
export class ConnectorWorkflows {
  readonly #deps: ConnectorWorkflowsDeps;
  readonly #write = limitConcurrency(MAX_CONCURRENT_REQUESTS);
  readonly #read = limitConcurrency(MAX_CONCURRENT_REQUESTS);
  readonly #waitForVisibility = visibilityWait(() => this.list());

  constructor(deps: ConnectorWorkflowsDeps) {
    this.#deps = deps;
  }

  /** Names of the connectors, sorted. */
  list(): Promise<string[]> {
    return this.#call('', () => this.#list());
  }

  async start(args: ConnectorArgs): Promise<void> {
    const { cluster, name, type, config } = args;
    await this.#write(() =>
      this.#call(name, () =>
        this.#deps.client.workflow.start(connectorWorkflowType, {
          workflowId: connectorWorkflowId(cluster, name),
          taskQueue: this.#deps.taskQueue,
          args: [args],
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          workflowIdConflictPolicy: 'FAIL',
          workflowTaskTimeout: WORKFLOW_TASK_MS,
          staticSummary: `${type} connector ${name}`,
          staticDetails: `\`${config['connector.class']}\` of cluster ${cluster}`,
          searchAttributes: {
            [searchAttributes.cluster]: [cluster],
            [searchAttributes.connector]: [name],
            [searchAttributes.kind]: [type],
          },
        }),
      ),
    );
  }

  waitUntilListed(name: string): Promise<void> {
    return this.#waitForVisibility(name, true, VISIBILITY_MS);
  }

  /** Resolves when the workflow has ended and the connector is no longer listed. */
  async delete(name: string): Promise<void> {
    await this.update(name, updates.delete);
    await this.#call(name, () => this.#handle(name).result(), DELETE_MS);
    await this.#waitForVisibility(name, false, VISIBILITY_MS);
  }

  update<T = void>(name: string, update: string, ...args: readonly unknown[]): Promise<T> {
    return this.#write(() => this.#update<T>(UPDATE_MS, name, update, args));
  }

  updateOffsets<T>(name: string, update: string, ...args: readonly unknown[]): Promise<T> {
    return this.#update<T>(ALTER_OFFSETS_MS, name, update, args);
  }

  /** The complete status, from the workflow. */
  status(name: string): Promise<ConnectorStatus> {
    return this.#read(() =>
      this.#call(name, async () => {
        const [, status] = await Promise.all([this.#describe(name), this.#query(name, QUERY_ATTEMPTS)]);
        return { ...status, config: toConnectorConfig(name, status.config) };
      }),
    );
  }

  /**
   * Reads Temporal's description of the workflow. queryStatus: queries the workflow itself; resolves with undefined if its
   * worker does not answer in time.
   */
  describe<T>(
    name: string,
    read: (description: Description, queryStatus: () => Promise<ConnectorStatus | undefined>) => Promise<T>,
  ): Promise<T> {
    const queryStatus = () =>
      this.#query(name, STATUS_ATTEMPTS).catch((error: unknown) => {
        if (isTimeout(error) || hasNoWorker(error)) return undefined;
        throw error;
      });
    return this.#read(() => this.#call(name, async () => read(await this.#describe(name), queryStatus)));
  }

  #handle(name: string): WorkflowHandle {
    return this.#deps.client.workflow.getHandle(connectorWorkflowId(this.#deps.cluster, name));
  }

  async #call<T>(name: string, request: () => Promise<T>, ms = DEADLINE_MS): Promise<T> {
    try {
      return await this.#deps.client.withDeadline(Date.now() + ms, request);
    } catch (error) {
      throw toMillraceError(error, name, this.#deps.address);
    }
  }

  /** NOT_FOUND for a connector that never existed or was deleted. */
  async #describe(name: string): Promise<Description> {
    const description = await this.#handle(name).describe();
    if (description.status.name !== 'RUNNING') throw notFound(name);
    return description;
  }

  async #query(name: string, attempts: number): Promise<ConnectorStatus> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#deps.client.withDeadline(Date.now() + QUERY_ATTEMPT_MS, () =>
          this.#handle(name).query<ConnectorStatus>(queries.status),
        );
      } catch (error) {
        if (attempt === attempts || !isTimeout(error)) throw error;
      }
    }
  }

  async #update<T>(ms: number, name: string, update: string, args: readonly unknown[]): Promise<T> {
    // Fails early if there is no such connector or no Temporal: the update itself has a long timeout.
    await this.#call(name, () => this.#describe(name));
    return this.#call(name, () => this.#handle(name).executeUpdate<T, []>(update, { args: args as unknown as [] }), ms);
  }

  async #list(): Promise<string[]> {
    const { client, cluster } = this.#deps;
    const names: string[] = [];
    const query = `WorkflowType = '${connectorWorkflowType}' AND ExecutionStatus = 'Running' AND ${searchAttributes.cluster} = '${cluster}'`;
    const prefix = connectorWorkflowId(cluster, '');
    for await (const { workflowId } of client.workflow.list({ query }))
      if (workflowId.startsWith(prefix)) names.push(workflowId.slice(prefix.length));
    return [...new Set(names)].sort();
  }
}

/** Adds the name and converts other values to strings: a client of Temporal may have started the connector with them. */
const toConnectorConfig = (name: string, config: Readonly<Record<string, unknown>>): ConnectorConfig => ({
  name,
  ...Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  ),
});
