import { afterAll, beforeAll, expect, test } from 'vitest';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { silent } from '../../src/observability/silent.ts';
import { generator } from '../support/generate/index.ts';
import { losses, measureTakeover } from '../support/lost-worker.ts';
import { servers } from '../support/servers.ts';

/** MILLRACE_ROUNDS: rounds of each kind of loss. */
const draw = generator(import.meta.url);
const ROUNDS = Number(process.env['MILLRACE_ROUNDS'] ?? 10);
const TAKEOVER_MS = 10_000;

let kafka: KafkaClient;
beforeAll(() => {
  kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);
});
afterAll(() => kafka.close());

test.each(Object.entries(losses))(
  'ten connectors of a worker that %s run elsewhere within ten seconds',
  async (_, loss) => {
    const times: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const takeoverMs = await measureTakeover(draw, kafka, loss);
      console.log(`round ${round}: ${takeoverMs.map(ms => (ms / 1000).toFixed(1)).join(' ')} s`);
      times.push(...takeoverMs);
    }
    expect(times.filter(ms => ms > TAKEOVER_MS)).toEqual([]);
  },
  3_600_000,
);
