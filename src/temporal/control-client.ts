import {
  type Client,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure, defaultPayloadConverter, type Payload } from '@temporalio/common';
import {
  type ConnectorArgs,
  type ConnectorConfig,
  type ConnectorStatus,
  type ConnectorType,
  connectorWorkflowId,
  connectorWorkflowType,
  type OffsetEntry,
  queries,
  type RestartRequest,
  type State,
  searchAttributes,
  type TargetState,
  type TaskStatus,
  taskActivityId,
  updates,
} from '../../workflows/shared/messages.ts';
import { bytesOf, ROOM } from '../config/payload-limits.ts';
import { secretKeys } from '../config/secrets/secret-keys.ts';
import { isErrorCode, MillraceError } from '../errors.ts';
import type { ConnectorInfo, Control, StatusInfo, TaskState } from './control.ts';
import { turns } from './limit-concurrency.ts';
import { indexWatch } from './visibility-wait.ts';

export interface ControlDeps {
  readonly client: Client;
  /** Named in the sentence of a 503. */
  readonly address: string;
  readonly cluster: string;
  readonly taskQueue: string;
  /** This process, as Kafka Connect names workers: `host:port`. */
  readonly workerId: string;
  /**
   * Checks a configuration and hides its secrets: what comes back may stand in a workflow's history. Secrets that are those
   * of the configuration before stay hidden as they are there. CONFIG_INVALID.
   */
  prepare(
    name: string,
    config: ConnectorConfig,
    before?: ConnectorConfig,
  ): Promise<{ type: ConnectorType; config: ConnectorConfig }>;
  /** Puts values where secrets are, for what is too long for a workflow. Without it such things are refused. */
  keep?(connector: string, config: ConnectorConfig, keys: readonly string[]): Promise<ConnectorConfig>;
  /** A configuration as `prepare` was given it, but for secrets that are not to be shown. */
  reveal(connector: string, config: ConnectorConfig): Promise<ConnectorConfig>;
  /** Secrets of a connector's configuration that is no longer used. Idempotent. */
  forget(connector: string, config: ConnectorConfig): Promise<void>;
}

/** How long one request may wait for Temporal. */
const DEADLINE_MS = 8000;
/** How long a connector may take to do as it is told: its worker may have hundreds of others to see to. */
const UPDATE_MS = 30_000;
/** A question goes to one worker: where that one is frozen or cut off, it is asked again, and another may answer. */
const QUERY_ATTEMPT_MS = 2500;
const QUERY_ATTEMPTS = 3;
/** After so many, what Temporal knows of a connector is taken for its status. */
const STATUS_ATTEMPTS = 2;
/** A workflow task that was given to a worker that is frozen or cut off is given to another after this. */
const WORKFLOW_TASK_MS = 5000;
/** How long the tasks of a deleted connector may take to end, and to free what outlives them. */
const DELETED_MS = 60_000;
/** How long setting offsets may take: tasks end first, and other servers are asked. */
const ALTER_MS = 70_000;
/** Requests take turns, those that change connectors apart from the others: each has its deadline from its turn on. */
const AT_ONCE = 16;
/** The second meets a connector that somebody else has created or configured meanwhile, the third one that was deleted then. */
const CONFIGURE_ATTEMPTS = 3;
/** How often a patch is made anew where somebody else was quicker. */
const PATCH_ATTEMPTS = 10;
/** How long to wait for Temporal's index to follow a creation or a deletion. */
const INDEX_MS = 5000;

/** Control over Temporal: stateless, any number of copies. */
export function temporalControl(deps: ControlDeps): Control {
  const { client, cluster } = deps;
  const handle = (name: string): WorkflowHandle => client.workflow.getHandle(connectorWorkflowId(cluster, name));
  const write = turns(AT_ONCE);
  const read = turns(AT_ONCE);

  async function call<T>(name: string, act: () => Promise<T>, ms = DEADLINE_MS): Promise<T> {
    try {
      return await client.withDeadline(Date.now() + ms, act);
    } catch (error) {
      throw mapped(error, name, deps.address);
    }
  }

  /** NOT_FOUND for what never was and for what has been deleted. */
  async function live(name: string) {
    const description = await handle(name).describe();
    if (description.status.name !== 'RUNNING') throw notFound(name);
    return description;
  }

  async function query(name: string, attempts = QUERY_ATTEMPTS): Promise<ConnectorStatus> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await client.withDeadline(Date.now() + QUERY_ATTEMPT_MS, () =>
          handle(name).query<ConnectorStatus>(queries.status),
        );
      } catch (error) {
        if (attempt === attempts || !timedOut.has(grpcOf(error)?.code)) throw error;
      }
    }
  }
  /** All that a connector says of itself. */
  const whole = (name: string): Promise<ConnectorStatus> =>
    read(() =>
      call(name, async () => {
        const [, status] = await Promise.all([live(name), query(name)]);
        return { ...status, config: texts(name, status.config) };
      }),
    );

  const updateWithin = async <T>(ms: number, name: string, which: string, args: readonly unknown[]): Promise<T> => {
    // Says soon that there is no such connector, or no Temporal; what follows may take its time on a busy worker.
    await call(name, () => live(name));
    return call(name, () => handle(name).executeUpdate<T, []>(which, { args: args as unknown as [] }), ms);
  };
  const update = <T = void>(name: string, which: string, ...args: readonly unknown[]): Promise<T> =>
    write(() => updateWithin<T>(UPDATE_MS, name, which, args));

  async function names(): Promise<string[]> {
    const found: string[] = [];
    const open = `WorkflowType = '${connectorWorkflowType}' AND ExecutionStatus = 'Running' AND ${searchAttributes.cluster} = '${cluster}'`;
    const prefix = connectorWorkflowId(cluster, '');
    for await (const execution of client.workflow.list({ query: open }))
      if (execution.workflowId.startsWith(prefix)) found.push(execution.workflowId.slice(prefix.length));
    return [...new Set(found)].sort();
  }

  const indexed = indexWatch(() => call('', names));

  const infoOf = async ({ name, config, tasks, type }: ConnectorStatus): Promise<ConnectorInfo> => ({
    name,
    config: await deps.reveal(name, shown(config)),
    tasks: tasks.map(({ id }) => ({ connector: name, task: id })),
    type,
  });

  /** What the connector itself says; undefined where its worker is too busy, or frozen, to say it in time. */
  const queryInTime = (name: string): Promise<ConnectorStatus | undefined> =>
    query(name, STATUS_ATTEMPTS).catch((error: unknown) => {
      const code = grpcOf(error)?.code;
      if (timedOut.has(code) || code === FAILED_PRECONDITION) return undefined;
      throw error;
    });

  async function statusOf(name: string): Promise<StatusInfo> {
    const description = await live(name);
    const outside = seen(name, description);
    const status: StatusSeen = isAllRunning(outside, description) ? outside : ((await queryInTime(name)) ?? outside);
    const pending = new Map((description.raw.pendingActivities ?? []).map(activity => [activity.activityId, activity]));
    return {
      name,
      connector: {
        state: status.state,
        worker_id: deps.workerId,
        ...(status.trace === undefined ? {} : { trace: status.trace }),
      },
      tasks: status.tasks.map(task =>
        task.wakes !== undefined && task.state === 'RUNNING'
          ? asleep(task.id, task.wakes, deps.workerId)
          : taskState(task.id, task.state, task.trace, pending.get(taskActivityId(task.id)), deps.workerId),
      ),
      type: status.type,
    };
  }

  /**
   * Configures a connector that was seen before. Secrets that have not changed stay where they are, which is why this is a
   * CONFLICT where somebody else was quicker: they may be gone. regardless: all are kept anew, and nothing is in the way.
   */
  async function change(before: ConnectorStatus, config: ConnectorConfig, regardless = false): Promise<ConnectorInfo> {
    const { name } = before;
    const prepared = await deps.prepare(name, config, regardless ? undefined : before.config);
    if (prepared.type !== before.type) throw anotherType(name, before.type, prepared.type);
    try {
      await update(name, updates.configure, prepared.config, ...(regardless ? [] : [before.revision]));
    } catch (error) {
      // Of any other failure nobody knows whether the connector goes by the new ones.
      if (isConflict(error)) await deps.forget(name, unused(prepared.config, before.config));
      throw error;
    }
    await deps.forget(name, unused(before.config, prepared.config));
    return infoOf({ ...before, config: prepared.config });
  }

  /** Stopped until it stands where it shall begin. */
  async function createAt(
    offsets: readonly OffsetEntry[],
    name: string,
    config: ConnectorConfig,
    state: TargetState = 'RUNNING',
  ): Promise<ConnectorInfo> {
    const info = await control.create(name, config, 'STOPPED');
    try {
      await control.alterOffsets(name, offsets);
    } catch (error) {
      await control.delete(name);
      throw error;
    }
    if (state === 'RUNNING') await control.resume(name);
    else if (state === 'PAUSED') await control.pause(name);
    return info;
  }

  const control: Control = {
    list: () => call('', names),
    async create(name, config, state, offsets) {
      if (offsets !== undefined) return createAt(offsets, name, config, state);
      const prepared = await deps.prepare(name, config);
      const args: ConnectorArgs = {
        cluster,
        name,
        type: prepared.type,
        config: prepared.config,
        ...(state === undefined ? {} : { state }),
      };
      await write(() =>
        call(name, () =>
          client.workflow.start(connectorWorkflowType, {
            workflowId: connectorWorkflowId(cluster, name),
            taskQueue: deps.taskQueue,
            args: [args],
            workflowIdReusePolicy: 'ALLOW_DUPLICATE',
            workflowIdConflictPolicy: 'FAIL',
            workflowTaskTimeout: WORKFLOW_TASK_MS,
            staticSummary: `${prepared.type} connector ${name}`,
            staticDetails: `\`${prepared.config['connector.class']}\` of cluster ${cluster}`,
            searchAttributes: {
              [searchAttributes.cluster]: [cluster],
              [searchAttributes.connector]: [name],
              [searchAttributes.kind]: [prepared.type],
            },
          }),
        ),
      ).catch(async (error: unknown) => {
        // Only where nothing can have been started: a lost answer may stand for a connector that runs.
        if (isConflict(error)) await deps.forget(name, prepared.config);
        throw error;
      });
      await indexed(name, true, INDEX_MS);
      return { name, config: await deps.reveal(name, prepared.config), tasks: [], type: prepared.type };
    },
    info: async name => infoOf(await whole(name)),
    async configure(name, config) {
      for (let attempt = 1; ; attempt++) {
        const before = await whole(name).catch(unlessNotFound);
        try {
          if (before === undefined) return { info: await control.create(name, config), created: true };
          return { info: await change(before, config, attempt > 1), created: false };
        } catch (error) {
          // Somebody else was quicker, to create or to configure it.
          if (!isConflict(error) || attempt === CONFIGURE_ATTEMPTS) throw error;
        }
      }
    },
    async patch(name, patch) {
      for (let attempt = 1; ; attempt++) {
        const before = await whole(name);
        const given = await deps.reveal(name, before.config);
        const merged = Object.entries({ ...given, ...patch, name }).filter(isText);
        try {
          return await change(before, Object.fromEntries(merged));
        } catch (error) {
          if (!isConflict(error) || attempt === PATCH_ATTEMPTS) throw error;
        }
      }
    },
    async delete(name) {
      await update(name, updates.delete);
      await call(name, () => handle(name).result(), DELETED_MS);
      await indexed(name, false, INDEX_MS);
    },
    status: name => read(() => call(name, () => statusOf(name))),
    pause: name => update(name, updates.pause),
    resume: name => update(name, updates.resume),
    stop: name => update(name, updates.stop),
    async restart(name, request) {
      const before = await control.status(name);
      await update(name, updates.restart, request);
      return restarting(before, request);
    },
    restartTask: (name, task) => update(name, updates.restartTask, task),
    async tasks(name) {
      const { config, tasks } = await whole(name);
      return Promise.all(
        tasks.map(async ({ id, config: own }) => ({
          id: { connector: name, task: id },
          config: await deps.reveal(name, shown({ ...config, ...own })),
        })),
      );
    },
    topics: async name => (await whole(name)).topics,
    resetTopics: name => update(name, updates.resetTopics),
    async alterOffsets(name, offsets) {
      if (offsets === null) return updateWithin(ALTER_MS, name, updates.resetOffsets, []);
      if (bytesOf(offsets) <= ROOM.offsets) return updateWithin(ALTER_MS, name, updates.alterOffsets, [offsets]);
      if (deps.keep === undefined)
        throw new MillraceError(
          'BAD_REQUEST',
          `These offsets have more than ${ROOM.offsets} bytes of JSON: set them a part at a time, or over the REST API.`,
        );
      const kept = await deps.keep(name, { offsets: JSON.stringify(offsets) }, ['offsets']);
      try {
        return await updateWithin(ALTER_MS, name, updates.alterOffsets, [[], kept['offsets']]);
      } finally {
        await deps.forget(name, kept);
      }
    },
  };
  return control;
}

const notFound = (name: string): MillraceError => new MillraceError('NOT_FOUND', `Connector ${name} not found`);

/** As Kafka Connect tells it: what is restarted shows that, whatever it does by now. */
function restarting(status: StatusInfo, { includeTasks, onlyFailed }: RestartRequest): StatusInfo {
  const restarted = <T extends { readonly state: string; readonly trace?: string }>(one: T): T => {
    if (onlyFailed && one.state !== 'FAILED') return one;
    const { trace: _, ...rest } = one;
    return { ...rest, state: 'RESTARTING' } as T;
  };
  return {
    ...status,
    connector: restarted(status.connector),
    tasks: includeTasks ? status.tasks.map(restarted) : status.tasks,
  };
}

const anotherType = (name: string, before: ConnectorType, after: ConnectorType): MillraceError =>
  new MillraceError(
    'BAD_REQUEST',
    `Connector ${name} is a ${before}: a ${after} needs another name, or delete it first.`,
  );

/** As Kafka Connect has it: texts, the name among them. Whoever starts a connector by Temporal may have been less strict. */
const texts = (name: string, config: Readonly<Record<string, unknown>>): ConnectorConfig => ({
  name,
  ...Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  ),
});

/** Whoever starts a connector by Temporal with a secret in plain text shall not have it shown everywhere as well. */
const shown = (config: ConnectorConfig): ConnectorConfig => ({
  ...config,
  ...Object.fromEntries(secretKeys(config).map(key => [key, '[hidden]'])),
});

function unlessNotFound(error: unknown): undefined {
  if (!(error instanceof MillraceError && error.code === 'NOT_FOUND')) throw error;
}

const isConflict = (error: unknown): boolean => error instanceof MillraceError && error.code === 'CONFLICT';

const isText = (entry: [string, string | null]): entry is [string, string] => entry[1] !== null;

/** Values that the new configuration no longer has. */
function unused(before: ConnectorConfig, after: ConnectorConfig): ConnectorConfig {
  const kept = new Set(Object.values(after));
  return Object.fromEntries(Object.entries(before).filter(([, value]) => !kept.has(value)));
}

type PendingActivity = NonNullable<Awaited<ReturnType<WorkflowHandle['describe']>>['raw']['pendingActivities']>[number];

/** temporal.api.enums.v1.PendingActivityState */
const SCHEDULED = 1;
const CANCEL_REQUESTED = 3;

function taskState(
  id: number,
  state: TaskState['state'],
  trace: string | undefined,
  activity: PendingActivity | undefined,
  workerId: string,
): TaskState {
  if (activity === undefined) {
    // Running in the workflow's eyes, but not yet given out.
    const shown = state === 'RUNNING' ? 'UNASSIGNED' : state;
    return { id, state: shown, worker_id: workerId, ...(trace === undefined ? {} : { trace }) };
  }
  const attempt = activity.attempt ?? 1;
  const failure = activity.lastFailure?.message ?? undefined;
  const waiting = activity.state === SCHEDULED;
  const figures = activity.heartbeatDetails?.payloads?.[0];
  return {
    id,
    state: !waiting ? state : attempt > 1 ? 'RESTARTING' : 'UNASSIGNED',
    worker_id: activity.lastWorkerIdentity || workerId,
    attempt,
    ...(waiting && failure !== undefined ? { trace: failure } : {}),
    ...(failure !== undefined ? { last_failure: failure } : {}),
    ...(figures ? { figures: defaultPayloadConverter.fromPayload(figures as Payload) } : {}),
  };
}

/** A task that waits for its schedule does what it shall. */
const asleep = (id: number, wakes: number, workerId: string): TaskState => ({
  id,
  state: 'RUNNING',
  worker_id: workerId,
  figures: { sleeps_until: new Date(wakes).toISOString() },
});

type Description = Awaited<ReturnType<WorkflowHandle['describe']>>;

/** A connector's status as Temporal alone knows it: of its tasks, those that are under way. */
function seen(name: string, { searchAttributes: attributes, raw }: Description): StatusSeen {
  const first = (key: string) => attributes?.[key]?.[0];
  const tasks = (raw.pendingActivities ?? []).flatMap(({ activityId }) => {
    const id = /^task-(\d+)$/.exec(activityId ?? '')?.[1];
    return id === undefined ? [] : [{ id: Number(id), state: 'RUNNING' as const }];
  });
  tasks.sort((a, b) => a.id - b.id);
  return {
    name,
    type: first(searchAttributes.kind) === 'sink' ? 'sink' : 'source',
    state: stateOf(first(searchAttributes.state)),
    tasks,
  };
}

/** RESTARTING is said of a connector whose tasks do so: it runs. */
const stateOf = (attribute: unknown): State =>
  attribute === 'RESTARTING' ? 'RUNNING' : ((attribute as State | undefined) ?? 'UNASSIGNED');

/**
 * Whether all tasks that there are run: what is to be said of them then stands in their heartbeats. A connector that has
 * just been told to pause or to stop has asked its tasks to end, and says itself what it is.
 */
const isAllRunning = ({ state, tasks }: StatusSeen, { searchAttributes: attributes, raw }: Description): boolean =>
  state === 'RUNNING' &&
  tasks.length > 0 &&
  attributes?.[searchAttributes.tasks]?.[0] === String(tasks.length) &&
  !raw.pendingActivities?.some(activity => activity.state === CANCEL_REQUESTED);

type StatusSeen = Pick<ConnectorStatus, 'name' | 'type' | 'state' | 'trace'> & {
  readonly tasks: readonly Omit<TaskStatus, 'config'>[];
};

/** gRPC codes: https://grpc.io/docs/guides/status-codes/ */
/** What the client itself says of some calls whose deadline has passed. */
const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
/** What Temporal says of a question to a workflow that no worker has asked for lately. */
const FAILED_PRECONDITION = 9;
const timedOut: ReadonlySet<number | undefined> = new Set([CANCELLED, DEADLINE_EXCEEDED]);
const UNAVAILABLE = 14;

function grpcOf(error: unknown) {
  if (isGrpcServiceError(error)) return error;
  return error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : undefined;
}

function mapped(error: unknown, name: string, address: string): unknown {
  if (error instanceof MillraceError) return error;
  if (error instanceof WorkflowExecutionAlreadyStartedError)
    return new MillraceError('CONFLICT', `Connector ${name} already exists`);
  if (error instanceof WorkflowNotFoundError) return notFound(name);
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    const { type, message } = error.cause;
    return new MillraceError(isErrorCode(type) ? type : 'INTERNAL', message);
  }
  const grpc = grpcOf(error);
  if (grpc?.code === FAILED_PRECONDITION)
    return new MillraceError(
      'TEMPORAL_UNAVAILABLE',
      `No worker answers for connector ${name}: start one, or wait until those that there are have come back.`,
      { cause: error },
    );
  if (grpc?.code === UNAVAILABLE || grpc?.code === DEADLINE_EXCEEDED || grpc?.code === CANCELLED)
    return new MillraceError(
      'TEMPORAL_UNAVAILABLE',
      `Temporal at ${address} does not answer. Tasks that wait for it go on by themselves when it does; send this request again then.`,
      { cause: error },
    );
  return error;
}
