import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { workflowBundle } from '../../../src/temporal/workflow-bundle.ts';
import { historiesFolder, recordedHistory } from '../../support/histories.ts';

const files = readdirSync(historiesFolder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.pb'));

test('histories are recorded', () => {
  expect(files.length).toBeGreaterThan(0);
});

/** Fails after a change of the workflow that running connectors could not replay. */
test.each(files)('%s replays', async file => {
  const history = await recordedHistory(file);
  const bundle = await workflowBundle(join(tmpdir(), 'millrace-test-bundles'));
  await Worker.runReplayHistory({ workflowBundle: bundle }, history, 'connector/test/replayed');
});
