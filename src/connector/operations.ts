import { setTimeout as delay } from 'node:timers/promises';
import type {
  AlterOffsetsResult,
  ConnectorConfig,
  ConnectorType,
  FenceArgs,
  Fences,
  OffsetEntry,
  OffsetsArgs,
  Plan,
  PlanArgs,
  TaskArgs,
} from '../../workflows/shared/messages.ts';
import type { ConfigProps, Log, SinkConnector, SourceConnector } from '../api/index.ts';
import type { ConfigInfos } from '../config/connector-config/config-infos.ts';
import { untilAborted } from '../engine/grace.ts';
import { parseTaskConfig } from '../engine/task-config.ts';
import { kindOf, MillraceError, messageOf } from '../errors.ts';
import { checkConnector, checkedConfig } from './check-config.ts';
import { buildPipeline } from './components.ts';
import { fenceTasks } from './fence-tasks.ts';
import { offloadPlan } from './offloaded-plan.ts';
import { alterSinkOffsets, alterSourceOffsets } from './offsets/offsets.ts';
import { contextOf, type OperationContext, type OperationDeps, openConnector } from './open-connector.ts';
import type { Progress } from './task/progress.ts';
import { runSinkTask } from './task/sink-task.ts';
import { runSourceTask } from './task/source-task.ts';
import type { TaskAttempt } from './task/task-context.ts';

/** Implementation of the activities of the same names in the data plane, with connectors' code and without Temporal's. */
export interface Operations {
  planTasks(context: OperationContext, args: PlanArgs, offloaded?: readonly string[]): Promise<Plan>;
  fenceTasks(context: OperationContext, args: FenceArgs): Promise<Fences>;
  removeConnector(context: OperationContext, args: PlanArgs, offloaded?: readonly string[]): Promise<void>;
  alterOffsets(context: OperationContext, args: OffsetsAttempt): Promise<AlterOffsetsResult>;
  /** Checks a connector's whole configuration for the REST API, also against other servers. BAD_REQUEST. */
  checkConfig(context: OperationContext, props: ConfigProps): Promise<CheckedConfig>;
  /** Runs a task until the signal aborts, it has caught up, or it fails. */
  runTask(context: OperationContext, args: TaskAttempt, progress: Progress, log: Log): Promise<void>;
}

export interface CheckedConfig {
  readonly type: ConnectorType;
  readonly infos: ConfigInfos;
  /** Keys of the configuration that contain secrets in plain text. */
  readonly plainSecretKeys: readonly string[];
}

/** One attempt to change offsets. */
export interface OffsetsAttempt extends OffsetsArgs {
  /** Temporal's number of the attempt, from 1. */
  readonly attempt: number;
}

/** Operations that return a result, unlike a task. */
export type CallName = Exclude<keyof Operations, 'runTask'>;

export function createOperations(deps: OperationDeps): Operations {
  return {
    planTasks: (context, args, offloaded = []) => plan(deps, context, args, offloaded),
    fenceTasks: (context, args) => fenceTasks(deps, context, args),
    async removeConnector(context, args, offloaded = []) {
      const failure = await remove(deps, context, args).catch(returnFatal);
      await deleteSecretsOf(deps, args, offloaded);
      if (failure !== undefined) throw failure;
    },
    alterOffsets: (context, args) => alter(deps, context, args),
    async checkConfig({ redact, signal }, props) {
      const log = redact.log(deps.log);
      const remote = { log, signal: () => AbortSignal.any([signal, AbortSignal.timeout(CHECK_MS)]) };
      const { entry, infos, plainSecretKeys } = await checkConnector(deps, props, remote);
      return { type: entry.kind, infos, plainSecretKeys };
    },
    async runTask({ redact, redactNames, signal, confirm }, args, progress, log) {
      const opening = completeConfig(deps, args).then(config => openConnector(deps, args.connector, config, redact));
      const { connector, props, clients, nameSecrets } = await untilAborted(signal, opening);
      redactNames.add(nameSecrets);
      deps.namesRedaction.add(nameSecrets);
      if (connector.kind !== args.type) throw wrongType(args, connector.kind);
      const taskLog = redact.log(log);
      const pipeline = await buildPipeline(deps, props, taskLog);
      const task = { args, pipeline, clients, progress, signal, confirm, redact, log: taskLog };
      using services = deps.open(connector.kind, clients, props);
      if (connector.kind === 'source') await runSourceTask(services, connector, task);
      else await runSinkTask(services, connector, task);
    },
  };
}

const wrongType = ({ connector, config, type }: TaskArgs, kind: ConnectorType): MillraceError =>
  new MillraceError(
    'TASK_CONFIG',
    `The workflow of ${connector} was started with the type ${type}, but ${config['connector.class']} is a ${kind}. ` +
      `Delete the connector and start it with the type ${kind}.`,
  );

/** Timeout in milliseconds of all checks that connect to other servers. */
const CHECK_MS = 10_000;
/** Milliseconds that a deletion waits for the connector's secrets to be deleted. */
const DELETE_SECRETS_MS = 5000;

/**
 * A sink has `tasks.max` tasks, each of which computes its partitions. A source plans its tasks itself. The plan contains
 * the keys that override the connector's configuration, and strings for its other scalars.
 */
async function plan(
  deps: OperationDeps,
  context: OperationContext,
  args: PlanArgs,
  offloaded: readonly string[],
): Promise<Plan> {
  const config = await checkedConfig(deps, args);
  const { connector, props } = await openConnector(deps, args.connector, config, context.redact);
  const scalars: Readonly<Record<string, unknown>> = args.config;
  const texts = Object.fromEntries(Object.entries(config).filter(([key, text]) => scalars[key] !== text));
  const maxTasks = Math.max(1, Number(props['tasks.max'] ?? 1));
  const tasks: readonly ConnectorConfig[] =
    connector.kind === 'sink'
      ? Array.from({ length: maxTasks }, () => ({}))
      : await connector.plan(parseTaskConfig(connector.config, props), maxTasks, contextOf(deps, context));
  // Keys with the connector's own value are left out, so that their placeholders stay.
  const overrides = tasks.map(task => ({
    ...texts,
    ...Object.fromEntries(Object.entries(task).filter(([key, value]) => props[key] !== value)),
  }));
  const planned = await offloadPlan(config, overrides, (task, keys) => deps.offload(args.connector, task, keys));
  // Tasks of the previous plan have ended. Its placeholders are deleted unless the connector itself uses them.
  const configText = Object.values(config).join();
  await deps.deleteSecrets(
    args.connector,
    asConfig(offloaded.filter(placeholder => !configText.includes(placeholder))),
  );
  return planned;
}

const asConfig = (placeholders: readonly string[]): ConnectorConfig => Object.fromEntries(placeholders.entries());

async function remove(deps: OperationDeps, context: OperationContext, args: PlanArgs): Promise<void> {
  const { connector, props } = await openConnector(deps, args.connector, args.config, context.redact);
  // A connector of the same name may have been created since: a replaced attempt must not remove its resources.
  await context.confirm();
  if (hooksDeletion(connector))
    await connector.deleted(parseTaskConfig(connector.config, props), contextOf(deps, context));
}

async function alter(
  deps: OperationDeps,
  context: OperationContext,
  attempt: OffsetsAttempt,
): Promise<AlterOffsetsResult> {
  const opened = await openConnector(deps, attempt.connector, attempt.config, context.redact);
  const { connector } = opened;
  const offsets =
    attempt.kept === undefined
      ? attempt.offsets
      : await readOffloaded(deps, attempt.connector, 'offsets', attempt.kept);
  const args: OffsetsAttempt = { ...attempt, offsets };
  const alterContext = { ...contextOf(deps, context), confirm: context.confirm };
  using services = deps.open(connector.kind, opened.clients, opened.props);
  return connector.kind === 'source'
    ? await alterSourceOffsets(services, connector, args, opened, alterContext)
    : await alterSinkOffsets(services, connector, args, opened, alterContext);
}

/** Returns a task's configuration; reads the connector's if it was offloaded. */
async function completeConfig(deps: OperationDeps, { connector, config, kept }: TaskArgs): Promise<ConnectorConfig> {
  return kept === undefined ? config : { ...(await readOffloaded(deps, connector, 'document', kept)), ...config };
}

/** Reads an offloaded value (JSON), stored as a secret under a key. */
async function readOffloaded<K extends keyof OffloadedValues>(
  deps: OperationDeps,
  connector: string,
  key: K,
  placeholder: string,
): Promise<OffloadedValues[K]> {
  const { props } = await deps.unseal(connector, { [key]: placeholder });
  try {
    return JSON.parse(props[key] ?? '');
  } catch {
    // The parser's own message would quote the input.
    throw new MillraceError('TASK_CONFIG', `The value stored for the connector ${connector} as ${key} is not JSON.`);
  }
}

interface OffloadedValues {
  readonly document: ConnectorConfig;
  readonly offsets: readonly OffsetEntry[];
}

/** Rethrows a retriable error, after which the removal is repeated; returns any other, so that the secrets are deleted. */
function returnFatal(error: unknown): unknown {
  if (kindOf(error) === 'retriable') throw error;
  return error;
}

/** Deletes the connector's secrets; a failure is logged and does not block the deletion. */
async function deleteSecretsOf(
  { deleteSecrets, log }: OperationDeps,
  { connector, config }: PlanArgs,
  offloaded: readonly string[],
): Promise<void> {
  const deletion = deleteSecrets(connector, { ...config, ...asConfig(offloaded) }).catch((error: unknown) =>
    log.warn(
      { connector, reason: messageOf(error) },
      'secrets of a deleted connector could not be deleted from config.storage.topic',
    ),
  );
  await Promise.race([deletion, delay(DELETE_SECRETS_MS, undefined, { ref: false })]);
}

type Deletable = SourceConnector<unknown> & { deleted: NonNullable<SourceConnector<unknown>['deleted']> };
const hooksDeletion = (connector: SourceConnector<unknown> | SinkConnector<unknown>): connector is Deletable =>
  connector.kind === 'source' && connector.deleted !== undefined;
