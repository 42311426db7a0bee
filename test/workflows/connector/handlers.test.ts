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

/** Names of the handlers that a running connector has registered, from its metadata. */
async function registeredHandlers() {
  const unexpectedCall = async () => {
    throw new Error('a stopped connector calls no activity');
  };
  await using worker = await workflowWorker(servers().temporal, {
    planTasks: unexpectedCall,
    fenceTasks: unexpectedCall,
    removeConnector: unexpectedCall,
    alterOffsets: unexpectedCall,
    nextRun: unexpectedCall,
    runTask: unexpectedCall,
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
    const namesIn = (definitions: { name: string }[]) =>
      definitions.map(({ name }) => name).filter(name => !name.startsWith('__'));
    return {
      updates: namesIn(definition.updateDefinitions),
      signals: namesIn(definition.signalDefinitions),
      queries: namesIn(definition.queryDefinitions),
    };
  } finally {
    await handle.terminate();
  }
}

test('the recorded histories contain each update and signal of a connector', async () => {
  const handlers = await registeredHandlers();
  expect(handlers.updates.toSorted()).toEqual(Object.values(updates).toSorted());
  expect(handlers.signals).toEqual(expect.arrayContaining(Object.values(signals)));
  // Histories contain no queries.
  expect(handlers.queries).toEqual(Object.values(queries));
  const accepted = names(event => event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name);
  expect(handlers.updates.filter(name => !accepted.includes(name))).toEqual([]);
  const signalled = names(event => event.workflowExecutionSignaledEventAttributes?.signalName);
  expect(handlers.signals.filter(name => !signalled.includes(name))).toEqual([]);
});

test('the recorded histories contain each kind of start, end and activity result', () => {
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
