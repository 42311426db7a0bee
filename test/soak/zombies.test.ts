import { test } from 'vitest';
import { generator } from '../support/generate/index.ts';
import { losses } from '../support/lost-worker.ts';
import { runScenario, scenarios } from '../support/lost-worker-scenarios.ts';

/** MILLRACE_ROUNDS: rounds of each scenario, alternating between a frozen worker and one that is cut off. */
const draw = generator(import.meta.url);
const ROUNDS = Number(process.env['MILLRACE_ROUNDS'] ?? 20);
const lossKinds = [losses['is frozen'], losses['is cut off from Temporal']] as const;

test.each(Object.entries(scenarios))(
  'a lost worker writes nothing more while %s',
  async (name, scenario) => {
    for (let round = 1; round <= ROUNDS; round++) {
      await runScenario(draw, scenario, lossKinds[(round % 2) as 0 | 1]);
      console.log(`${name}: round ${round} of ${ROUNDS} passed`);
    }
  },
  3_600_000,
);
