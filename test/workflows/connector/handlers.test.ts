import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { temporal } from '@temporalio/proto';
import { expect, test } from 'vitest';
import { connectorWorkflowId, queries, signals, updates } from '../../../workflows/shared/messages.ts';
import { historiesFolder, recordedHistory } from '../../support/histories.ts';
import { servers } from '../../support/servers.ts';
import { workflowWorker } from '../../support/workflow-worker.ts';

const { EventType } = temporal.api.enums.v1;

const files = readdirSync(historiesFolder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.pb'));
const recorded = (await Promise.all(files.map(recordedHistory))).flatMap(({ events }) => events);
const names = (pick: (event: (typeof recorded)[number]) => string | null | undefined): string[] => [
  ...new Set(recorded.map(event => pick(event) ?? '').filter(name => name !== '')),
];

/** What a running connector itself says that it listens to. */
async function listening() {
  const nobody = async () => {
    throw new Error('a connector that is stopped does nothing');
  };
  await using worker = await workflowWorker(servers().temporal, {
    planTasks: nobody,
    fenceTasks: nobody,
    removeConnector: nobody,
    alterOffsets: nobody,
    nextRun: nobody,
    runTask: nobody,
  });
  const name = `c-${randomUUID().slice(0, 8)}`;
  const handle = await worker.client.workflow.start('connector', {
    workflowId: connectorWorkflowId('test', name),
    taskQueue: worker.taskQueue,
    args: [{ cluster: 'test', name, type: 'source', config: {}, state: 'STOPPED' }],
  });
  try {
    const { definition } = await handle.query<{
      definition: Record<'updateDefinitions' | 'signalDefinitions' | 'queryDefinitions', { name: string }[]>;
    }>('__temporal_workflow_metadata');
    const own = (of: { name: string }[]) => of.map(one => one.name).filter(one => !one.startsWith('__'));
    return {
      updates: own(definition.updateDefinitions),
      signals: own(definition.signalDefinitions),
      queries: own(definition.queryDefinitions),
    };
  } finally {
    await handle.terminate();
  }
}

test('each update and signal that a connector listens to is in a history that is replayed', async () => {
  const said = await listening();
  expect(said.updates.toSorted()).toEqual(Object.values(updates).toSorted());
  expect(said.signals).toEqual(expect.arrayContaining(Object.values(signals)));
  // Queries leave nothing in histories.
  expect(said.queries).toEqual(Object.values(queries));
  const accepted = names(event => event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name);
  expect(said.updates.filter(name => !accepted.includes(name))).toEqual([]);
  const signalled = names(event => event.workflowExecutionSignaledEventAttributes?.signalName);
  expect(said.signals.filter(name => !signalled.includes(name))).toEqual([]);
});

test('so is each way in which a connector begins, goes on and ends, and what its activities come to', () => {
  const types = new Set(recorded.map(event => event.eventType));
  for (const type of [
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED,
    EventType.EVENT_TYPE_TIMER_FIRED,
    EventType.EVENT_TYPE_TIMER_CANCELED,
    EventType.EVENT_TYPE_MARKER_RECORDED,
  ])
    expect(types, EventType[type]).toContain(type);
  expect(names(event => event.activityTaskScheduledEventAttributes?.activityType?.name)).toEqual(
    expect.arrayContaining(['planTasks', 'removeConnector', 'alterOffsets', 'runTask']),
  );
  expect(names(event => event.workflowExecutionStartedEventAttributes?.continuedExecutionRunId)).not.toEqual([]);
  const results = recorded.map(event => event.workflowExecutionUpdateCompletedEventAttributes?.outcome);
  expect(results.some(outcome => outcome?.failure)).toBe(true);
});
