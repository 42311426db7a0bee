import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Log, SinkConnector, SourceConnector } from '../src/api/index.ts';
import { nextRun } from '../src/config/schedule.ts';
import type { TaskObserver } from '../src/engine/observer.ts';
import type { OffsetStore } from '../src/engine/offset-store.ts';
import { parsed } from '../src/engine/source-runner.ts';
import { MillraceError, messageOf } from '../src/errors.ts';
import type { KafkaClient } from '../src/kafka/port.ts';
import { toFailure } from '../src/temporal/failure.ts';
import type {
  ConnectorConfig,
  ConnectorType,
  OffsetsAltered,
  OffsetsArgs,
  PlanArgs,
  TaskArgs,
} from '../workflows/messages.ts';
import { type CheckDeps, checkedConfig } from './check.ts';
import { connectorOf, pipelineOf, resolved } from './components.ts';
import type { ControlActivities, TaskActivities } from './index.ts';
import { alterSinkOffsets, alterSourceOffsets } from './offsets.ts';
import { runTaskActivity } from './run-task.ts';
import { runSinkTask } from './sink-task.ts';
import { runSourceTask } from './source-task.ts';

export interface ActivityDeps extends CheckDeps {
  readonly kafka: KafkaClient;
  readonly offsets: OffsetStore;
  readonly log: Log;
  /** See RunTaskDeps. */
  usedTopics(workflowId: string, topics: readonly string[]): Promise<void>;
  observe(args: TaskArgs): Partial<TaskObserver>;
  /** Removes the secrets that only a deleted connector has named. Idempotent. */
  forget(config: ConnectorConfig): Promise<void>;
  /** See RunTaskDeps. */
  readonly leaving: AbortSignal;
}

/** The activities of a worker process, with its clients in their hands. */
export function createActivities(deps: ActivityDeps): { control: ControlActivities; tasks: TaskActivities } {
  const redactions = new WeakMap<TaskArgs, Redact>();
  return {
    control: {
      planTasks: args => short(args, redact => plan(deps, args, redact)),
      removeConnector: args =>
        short(args, async redact => {
          await remove(deps, args, redact);
          await forgotten(deps, args);
        }),
      nextRun: async args => nextRun(args),
      alterOffsets: args => short(args, redact => alter(deps, args, redact)),
    },
    tasks: {
      runTask: runTaskActivity({
        log: deps.log,
        observe: deps.observe,
        usedTopics: (workflowId, topics) => deps.usedTopics(workflowId, topics),
        leaving: deps.leaving,
        redact: (args, text) => redactions.get(args)?.text(text) ?? text,
        async body(args, progress, signal, log) {
          const redact = new Redact();
          redactions.set(args, redact);
          const { props, secrets } = await resolved(deps, args.config);
          redact.add(secrets);
          const { connector } = await connectorOf(deps, args.config);
          if (connector.kind !== args.type) throw wrongType(args, connector.kind);
          const pipeline = await pipelineOf(deps, props);
          if (connector.kind === 'source') await runSourceTask(deps, connector, pipeline, args, progress, signal, log);
          else await runSinkTask(deps.kafka, connector, pipeline, args, progress, signal, log);
        },
      }),
    },
  };
}

const wrongType = ({ connector, config, type }: TaskArgs, kind: ConnectorType): MillraceError =>
  new MillraceError(
    'TASK_CONFIG',
    `The workflow of ${connector} was started with the type ${type}, and ${config['connector.class']} is a ${kind}: ` +
      `delete it, and start it with the type ${kind}.`,
  );

/** Takes secrets out of texts. Short ones are left: they would tear every text apart and hide nothing. */
class Redact {
  private readonly secrets: string[] = [];
  add(secrets: readonly string[]): void {
    this.secrets.push(...secrets.filter(secret => secret.length >= 4));
  }
  text(text: string): string {
    return this.secrets.reduce((left, secret) => left.replaceAll(secret, '[hidden]'), text);
  }
}

const HEARTBEAT_MS = 2000;
/** How long whoever deletes a connector waits for its secrets to be removed. */
const FORGET_MS = 5000;

/** Runs a short activity: it heartbeats, can be cancelled, and fails as Temporal should see it. */
async function short<T>(_args: PlanArgs, act: (redact: Redact) => Promise<T>): Promise<T> {
  const context = Context.current();
  const redact = new Redact();
  const beat = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
  try {
    return await Promise.race([act(redact), context.cancelled]);
  } catch (error) {
    if (context.cancellationSignal.aborted) throw error;
    throw toFailure(error, text => redact.text(text));
  } finally {
    clearInterval(beat);
  }
}

/** A sink has as many tasks as it is given: each finds its partitions by itself. A source plans. */
async function plan(deps: ActivityDeps, args: PlanArgs, redact: Redact) {
  const config = await checkedConfig(deps, args);
  const { connector } = await connectorOf(deps, config);
  const { props, secrets } = await resolved(deps, config);
  redact.add(secrets);
  const most = Math.max(1, Number(props['tasks.max'] ?? 1));
  if (connector.kind === 'sink') return Array.from({ length: most }, () => config);
  const tasks = await connector.plan(parsed(connector.config, props), most, contextOf(deps));
  // What a plan says goes over the connector's own keys; where it says the same, the placeholders stay.
  return tasks.map(task => {
    const changed = Object.entries(task).filter(([key, value]) => props[key] !== value);
    return { ...config, ...Object.fromEntries(changed) };
  });
}

async function remove(deps: ActivityDeps, { config }: PlanArgs, redact: Redact): Promise<void> {
  const { connector } = await connectorOf(deps, config);
  if (!hooksDeletion(connector)) return;
  const { props, secrets } = await resolved(deps, config);
  redact.add(secrets);
  await connector.deleted(parsed(connector.config, props), contextOf(deps));
}

async function alter(deps: ActivityDeps, args: OffsetsArgs, redact: Redact): Promise<OffsetsAltered> {
  const { connector } = await connectorOf(deps, args.config);
  const { props, secrets } = await resolved(deps, args.config);
  redact.add(secrets);
  return connector.kind === 'source'
    ? alterSourceOffsets(deps, connector, args, props, contextOf(deps))
    : alterSinkOffsets(deps, connector, args, props, contextOf(deps));
}

/** As far as Kafka is there: a secret that is left behind is no reason for a connector to stay. */
async function forgotten({ forget, log }: ActivityDeps, { connector, config }: PlanArgs): Promise<void> {
  const forgetting = forget(config).catch((error: unknown) =>
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

const contextOf = (deps: ActivityDeps) => ({ log: deps.log, signal: Context.current().cancellationSignal });
