import { randomUUID } from 'node:crypto';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, expect } from 'vitest';
import type { ControlActivities, TaskActivities } from '../../activities/index.ts';
import { nextRun } from '../../src/config/connector-config/schedule.ts';
import { PAYLOAD_BYTES } from '../../src/config/payload-limits.ts';
import {
  type ConnectorArgs,
  type ConnectorStatus,
  connectorWorkflowId,
  type FenceArgs,
  type OffsetsArgs,
  queries,
  type TaskArgs,
} from '../../workflows/shared/messages.ts';
import { recordHistory } from './histories.ts';
import { payloadSizes } from './payload-sizes.ts';
import { servers } from './servers.ts';
import { type WorkflowWorker, workflowWorker } from './workflow-worker.ts';

/** Activities whose tasks run until they are cancelled, with a log of their calls. */
export class FakeTasks implements ControlActivities, TaskActivities {
  readonly running = new Map<number, TaskArgs>();
  started = 0;
  removed = 0;
  /** Cancellation arrives with the next heartbeat. */
  heartbeatMs = 100;
  /** Error that a starting task throws, or undefined. */
  taskError: (args: TaskArgs) => Error | undefined = () => undefined;
  /** Task configurations of a plan. */
  plan: (config: Record<string, string>) => Record<string, string>[] | Promise<Record<string, string>[]> = config =>
    Array.from({ length: Number(config['tasks.max'] ?? 1) }, () => ({}));
  /** References to offloaded values that each plan and deletion received. */
  readonly receivedReferences: (readonly string[])[] = [];
  /** Reference to the offloaded connector configuration, part of each plan. */
  configReference: string | undefined;
  /** Error that removeConnector throws, or undefined. */
  removalError: () => Error | undefined = () => undefined;

  planTasks: ControlActivities['planTasks'] = async ({ config }, before = []) => {
    this.receivedReferences.push(before);
    const { configReference: document } = this;
    return { tasks: await this.plan({ ...config }), ...(document === undefined ? {} : { config: document }) };
  };
  removeConnector: ControlActivities['removeConnector'] = async (_args, references = []) => {
    this.receivedReferences.push(references);
    const fault = this.removalError();
    if (fault) throw fault;
    this.removed++;
  };
  readonly fenceCalls: FenceArgs[] = [];
  /** Awaited by fenceTasks; may throw. */
  beforeFence: () => Promise<void> = async () => undefined;
  fenceTasks: ControlActivities['fenceTasks'] = async args => {
    if (this.running.size > 0) throw ApplicationFailure.nonRetryable('fenceTasks was called while tasks run');
    await this.beforeFence();
    this.fenceCalls.push(args);
    return { 0: `1/${this.fenceCalls.length}/committed` };
  };
  readonly alteredOffsets: OffsetsArgs['offsets'][] = [];
  /** Awaited by alterOffsets. */
  beforeAlter: () => Promise<void> = async () => undefined;
  alterOffsets: ControlActivities['alterOffsets'] = async ({ offsets }) => {
    if (this.running.size > 0) throw ApplicationFailure.nonRetryable('alterOffsets was called while tasks run');
    await this.beforeAlter();
    this.alteredOffsets.push(offsets);
    return { byConnector: true };
  };
  nextRun: ControlActivities['nextRun'] = async args => nextRun(args);
  /** Functions that end a catch-up task, by task id. */
  readonly finishCatchUp = new Map<number, () => void>();
  runTask: TaskActivities['runTask'] = async args => {
    const fault = this.taskError(args);
    if (fault) throw fault;
    const context = Context.current();
    // Two attempts of one task at the same time would be two writers.
    if (this.running.has(args.task)) throw ApplicationFailure.nonRetryable(`task ${args.task} runs twice`);
    this.started++;
    this.running.set(args.task, args);
    const beat = setInterval(() => context.heartbeat(), this.heartbeatMs);
    try {
      const done = new Promise<void>(resolve => this.finishCatchUp.set(args.task, resolve));
      await (args.untilCaughtUp ? Promise.race([context.cancelled, done]) : context.cancelled);
    } finally {
      clearInterval(beat);
      this.running.delete(args.task);
    }
  };
}

/** Call once in a test file. Returns a function that starts a connector workflow, which ends with its test. */
export function connectorWorkflows() {
  const open: { worker: WorkflowWorker; workflowId: string }[] = [];
  afterEach(async ({ task }) => {
    for (const { worker, workflowId } of open.splice(0)) {
      await recordHistory(worker.client, workflowId, task.name);
      const [heaviest] = payloadSizes(await worker.client.workflow.getHandle(workflowId).fetchHistory());
      await worker[Symbol.asyncDispose]();
      expect(heaviest?.bytes, heaviest?.path).toBeLessThan(PAYLOAD_BYTES);
    }
  });

  return async function start(options: Partial<ConnectorArgs> = {}, tasks = new FakeTasks()) {
    const { runTask, planTasks, fenceTasks, removeConnector, alterOffsets } = tasks;
    const worker = await workflowWorker(servers().temporal, {
      runTask,
      planTasks,
      fenceTasks,
      removeConnector,
      alterOffsets,
      nextRun: args => tasks.nextRun(args),
    });
    const name = `c-${randomUUID().slice(0, 8)}`;
    const args: ConnectorArgs = {
      cluster: 'test',
      name,
      type: 'source',
      config: { 'connector.class': 'Example', 'tasks.max': '2' },
      ...options,
    };
    const handle = await worker.client.workflow.start('connector', {
      workflowId: connectorWorkflowId('test', name),
      taskQueue: worker.taskQueue,
      args: [args],
    });
    open.push({ worker, workflowId: handle.workflowId });
    const current = worker.client.workflow.getHandle(handle.workflowId);
    return { tasks, handle: current, worker };
  };
}

export const status = (handle: WorkflowHandle): Promise<ConnectorStatus> =>
  handle.query<ConnectorStatus>(queries.status);
export const update = (handle: WorkflowHandle, name: string, ...args: unknown[]): Promise<unknown> =>
  handle.executeUpdate(name, { args: args as [] });
