import { setTimeout as delay } from 'node:timers/promises';
import type {
  ConnectorConfig,
  ConnectorType,
  FenceArgs,
  Fences,
  OffsetEntry,
  AlterOffsetsResult,
  OffsetsArgs,
  Plan,
  PlanArgs,
  TaskArgs,
} from '../../workflows/shared/messages.ts';
import type { ConfigProps, Log, PlanContext, SinkConnector, SourceConnector } from '../api/index.ts';
import { type ClientSettings, clientSettings } from '../config/client-settings/index.ts';
import type { ConfigInfos } from '../config/connector-config/findings.ts';
import type { Redaction } from '../config/secrets/redaction.ts';
import { secretKeys } from '../config/secrets/secret-keys.ts';
import { untilAborted } from '../engine/grace.ts';
import { parseTaskConfig } from '../engine/task-config.ts';
import { kindOf, MillraceError, messageOf } from '../errors.ts';
import { type CheckDeps, checkConnector, checkedConfig } from './check-config.ts';
import { connectorOf, pipelineOf, resolved, workerClients } from './components.ts';
import { fenceProducers } from './fence-producers.ts';
import { keptApart } from './offloaded-plan.ts';
import { copyOffsets } from './offsets/copy-offsets.ts';
import { alterSinkOffsets, alterSourceOffsets } from './offsets/offsets.ts';
import type { ConnectorServices, OpenServices } from './services.ts';
import { sinkWriter } from './sink-writer.ts';
import type { Progress } from './task/progress.ts';
import { runSinkTask } from './task/sink-task.ts';
import { runSourceTask } from './task/source-task.ts';
import type { TaskAttempt } from './task/task-context.ts';

export interface OperationDeps extends CheckDeps {
  readonly open: OpenServices;
  readonly log: Log;
  /** Stores the values of a connector's keys as secrets, and returns the configuration with placeholders in their place. */
  keep(connector: string, config: ConnectorConfig, keys: readonly string[]): Promise<ConnectorConfig>;
  /** Removes the secrets that a connector's configuration names. Idempotent. */
  forget(connector: string, config: ConnectorConfig): Promise<void>;
  /** Redacts the log of clients that all tasks share: learns the secrets that may appear in names of topics. */
  readonly namesRedaction: Redaction;
}

export interface OperationContext {
  readonly signal: AbortSignal;
  /** See CurrentAttempt.confirm. */
  readonly confirm: () => Promise<void> | undefined;
  /** Learns the secrets of the configuration before any other server is asked. */
  readonly redact: Redaction;
  /** For names, in which a short secret may appear by chance: learns only those secrets that can get there. */
  readonly redactNames: Redaction;
}

/** The data plane of the activities of the same names: connectors' code runs here, and no Temporal code. */
export interface Operations {
  planTasks(context: OperationContext, args: PlanArgs, before?: readonly string[]): Promise<Plan>;
  fenceTasks(context: OperationContext, args: FenceArgs): Promise<Fences>;
  removeConnector(context: OperationContext, args: PlanArgs, kept?: readonly string[]): Promise<void>;
  alterOffsets(context: OperationContext, args: OffsetsAttempt): Promise<AlterOffsetsResult>;
  /** Checks a connector's whole configuration as the REST API does: other servers are asked, too. BAD_REQUEST. */
  checkConfig(context: OperationContext, props: ConfigProps): Promise<CheckedConfig>;
  /** Runs a task until the signal aborts, it has caught up, or it fails. */
  runTask(context: OperationContext, args: TaskAttempt, progress: Progress, log: Log): Promise<void>;
}

export interface CheckedConfig {
  readonly type: ConnectorType;
  readonly infos: ConfigInfos;
  /** Keys of the configuration that hold secrets in plain text. */
  readonly open: readonly string[];
}

/** One attempt to alter offsets. */
export interface OffsetsAttempt extends OffsetsArgs {
  /** Temporal's count of attempts, from 1 on. */
  readonly attempt: number;
}

/** Operations that are called and answer, in contrast to a task. */
export type CallName = Exclude<keyof Operations, 'runTask'>;

export function createOperations(deps: OperationDeps): Operations {
  return {
    planTasks: (context, args, before = []) => plan(deps, context, args, before),
    fenceTasks: (context, args) => fence(deps, context, args),
    async removeConnector(context, args, kept = []) {
      const failure = await remove(deps, context, args).catch(fatal);
      await forgotten(deps, args, kept);
      if (failure !== undefined) throw failure;
    },
    alterOffsets: (context, args) => alter(deps, context, args),
    async checkConfig({ redact, signal }, props) {
      const log = redact.log(deps.log);
      const asking = { log, signal: () => AbortSignal.any([signal, AbortSignal.timeout(CHECK_MS)]) };
      const { entry, infos, open } = await checkConnector(deps, props, asking);
      return { type: entry.kind, infos, open };
    },
    async runTask({ redact, redactNames, signal, confirm }, args, progress, log) {
      const opening = wholeConfig(deps, args).then(config => opened(deps, args.connector, config, redact));
      const { connector, props, clients, inNames } = await untilAborted(signal, opening);
      redactNames.add(inNames);
      deps.namesRedaction.add(inNames);
      if (connector.kind !== args.type) throw wrongType(args, connector.kind);
      const ownLog = redact.log(log);
      const pipeline = await pipelineOf(deps, props, ownLog);
      const task = { args, pipeline, clients, progress, signal, confirm, redact, log: ownLog };
      using services = deps.open(connector.kind, clients, props);
      if (connector.kind === 'source') await runSourceTask(services, connector, task);
      else await runSinkTask(services, connector, task);
    },
  };
}

const wrongType = ({ connector, config, type }: TaskArgs, kind: ConnectorType): MillraceError =>
  new MillraceError(
    'TASK_CONFIG',
    `The workflow of ${connector} was started with the type ${type}, and ${config['connector.class']} is a ${kind}: ` +
      `delete it, and start it with the type ${kind}.`,
  );

/** Milliseconds: time limit of all checks that connect to other servers. */
const CHECK_MS = 10_000;
/** How long whoever deletes a connector waits for its secrets to be removed. */
const FORGET_MS = 5000;

/**
 * A sink has as many tasks as it is given: each finds its partitions by itself. A source plans. What is answered is what
 * each task has of its own, texts where the configuration has other scalars.
 */
async function plan(
  deps: OperationDeps,
  context: OperationContext,
  args: PlanArgs,
  before: readonly string[],
): Promise<Plan> {
  const config = await checkedConfig(deps, args);
  const { connector, props } = await opened(deps, args.connector, config, context.redact);
  const given: Readonly<Record<string, unknown>> = args.config;
  const texts = Object.fromEntries(Object.entries(config).filter(([key, text]) => given[key] !== text));
  const most = Math.max(1, Number(props['tasks.max'] ?? 1));
  const tasks: readonly ConnectorConfig[] =
    connector.kind === 'sink'
      ? Array.from({ length: most }, () => ({}))
      : await connector.plan(parseTaskConfig(connector.config, props), most, contextOf(deps, context));
  // What a plan says goes over the connector's own keys; where it says the same, the placeholders stay.
  const own = tasks.map(task => ({
    ...texts,
    ...Object.fromEntries(Object.entries(task).filter(([key, value]) => props[key] !== value)),
  }));
  const planned = await keptApart(config, own, (task, keys) => deps.keep(args.connector, task, keys));
  // The tasks of the plan before have ended. One of an earlier version names what the connector itself names, too.
  const used = Object.values(config).join();
  await deps.forget(args.connector, listed(before.filter(placeholder => !used.includes(placeholder))));
  return planned;
}

/** With the configuration that the tasks had. Where it can no longer be resolved, what does not need that is fenced. */
async function fence(deps: OperationDeps, context: OperationContext, args: FenceArgs): Promise<Fences> {
  const { connector: name, config } = args;
  const { log, signal } = contextOf(deps, context);
  const skipped = (error: unknown): undefined =>
    void log.warn({ connector: name, reason: messageOf(error) }, 'earlier tasks are not fenced in their destination');
  const known = await opened(deps, name, config, context.redact).catch(skipped);
  const props = known?.props ?? config;
  const clients = known?.clients ?? clientSettings(args.type, (await workerClients(deps)).props, config);
  await context.confirm();
  using services = servicesOf(deps, args, clients, props);
  if (services === undefined) return {};
  const [fences] = await Promise.all([
    fenceProducers({ services, producer: clients.producer, log }, args, props, signal),
    known && fenceDestination(services, args, known, { log, signal }).catch(skipped),
  ]);
  await copyOffsets(services, args, clients, { log, signal, confirm: context.confirm });
  return fences;
}

/** undefined, and a warning, where the clients' settings have placeholders that stand for nothing any more. */
function servicesOf(
  { open, log }: OperationDeps,
  { connector, type }: FenceArgs,
  clients: ClientSettings,
  props: ConnectorConfig,
): ConnectorServices | undefined {
  try {
    return open(type, clients, props);
  } catch (error) {
    log.warn({ connector, reason: messageOf(error) }, 'producers of earlier tasks could not be fenced');
    return undefined;
  }
}

async function fenceDestination(
  { kafka }: ConnectorServices,
  args: FenceArgs,
  { connector, props }: Awaited<ReturnType<typeof opened>>,
  { log, signal }: PlanContext,
): Promise<void> {
  if (connector.kind === 'source' || connector.fence === undefined) return;
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(DESTINATION_MS)]);
  const writer = await sinkWriter(kafka, { ...args, attempt: 0 });
  await untilAborted(
    inTime,
    connector.fence(parseTaskConfig(connector.config, props), writer, { log, signal: inTime }),
  );
}

/** Milliseconds: time limit for fencing a destination, which may be gone for good. The next task claims its positions itself. */
const DESTINATION_MS = 5000;

const listed = (placeholders: readonly string[]): ConnectorConfig => Object.fromEntries(placeholders.entries());

async function remove(deps: OperationDeps, context: OperationContext, args: PlanArgs): Promise<void> {
  const { connector, props } = await opened(deps, args.connector, args.config, context.redact);
  // A connector of the same name may have been created since: a replaced attempt must not remove its resources.
  await context.confirm();
  if (hooksDeletion(connector))
    await connector.deleted(parseTaskConfig(connector.config, props), contextOf(deps, context));
}

async function alter(deps: OperationDeps, context: OperationContext, given: OffsetsAttempt): Promise<AlterOffsetsResult> {
  const known = await opened(deps, given.connector, given.config, context.redact);
  const { connector } = known;
  const offsets = given.kept === undefined ? given.offsets : await read(deps, given.connector, 'offsets', given.kept);
  const args: OffsetsAttempt = { ...given, offsets };
  const altering = { ...contextOf(deps, context), confirm: context.confirm };
  using services = deps.open(connector.kind, known.clients, known.props);
  return connector.kind === 'source'
    ? await alterSourceOffsets(services, connector, args, known, altering)
    : await alterSinkOffsets(services, connector, args, known, altering);
}

/** A task's configuration, where the connector's was too long to be given to it. */
async function wholeConfig(deps: OperationDeps, { connector, config, kept }: TaskArgs): Promise<ConnectorConfig> {
  return kept === undefined ? config : { ...(await read(deps, connector, 'document', kept)), ...config };
}

/** JSON that is stored as a secret under a key. */
async function read<K extends keyof Stored>(
  deps: OperationDeps,
  connector: string,
  key: K,
  placeholder: string,
): Promise<Stored[K]> {
  const { props } = await deps.unseal(connector, { [key]: placeholder });
  try {
    return JSON.parse(props[key] ?? '');
  } catch {
    // The parser's own message quotes its input.
    throw new MillraceError('TASK_CONFIG', `The value stored for the connector ${connector} as ${key} is not JSON.`);
  }
}

interface Stored {
  readonly document: ConnectorConfig;
  readonly offsets: readonly OffsetEntry[];
}

/** Rejects with a retriable error and returns any other: a removal goes on to the secrets only where it is not repeated. */
function fatal(error: unknown): unknown {
  if (kindOf(error) === 'retriable') throw error;
  return error;
}

/** The connector and its resolved configuration, whose secrets `redact` learns before any server is asked. */
async function opened(deps: OperationDeps, name: string, config: ConnectorConfig, redact: Redaction) {
  const { connector } = await connectorOf(deps, config);
  const { props, clients, secrets, inNames } = await resolved(deps, name, config, connector.config.keys);
  redact.add(secrets);
  redact.add(secretKeys(props, connector.config.keys).map(key => props[key] ?? ''));
  return { connector, props, clients, inNames };
}

/** As far as Kafka is there: a secret that is left behind is no reason for a connector to stay. */
async function forgotten(
  { forget, log }: OperationDeps,
  { connector, config }: PlanArgs,
  kept: readonly string[],
): Promise<void> {
  const forgetting = forget(connector, { ...config, ...listed(kept) }).catch((error: unknown) =>
    log.warn(
      { connector, reason: messageOf(error) },
      'secrets of a deleted connector are left in config.storage.topic',
    ),
  );
  await Promise.race([forgetting, delay(FORGET_MS, undefined, { ref: false })]);
}

type Deletable = SourceConnector<unknown> & { deleted: NonNullable<SourceConnector<unknown>['deleted']> };
const hooksDeletion = (connector: SourceConnector<unknown> | SinkConnector<unknown>): connector is Deletable =>
  connector.kind === 'source' && connector.deleted !== undefined;

const contextOf = ({ log }: OperationDeps, { redact, signal }: OperationContext): PlanContext => ({
  // Connectors log what servers say.
  log: redact.log(log),
  signal,
});
