import { test } from 'vitest';
import { generator } from '../support/generate/index.ts';
import { losses } from '../support/lost-worker.ts';
import { runScenario, scenarios } from '../support/lost-worker-scenarios.ts';

/** All scenarios run many times in test/soak. */
const draw = generator(import.meta.url);

test('a worker that is cut off from Temporal writes nothing after its reconfigured sink runs elsewhere', async () => {
  await runScenario(draw, scenarios['a sink is reconfigured'], losses['is cut off from Temporal']);
}, 180_000);
