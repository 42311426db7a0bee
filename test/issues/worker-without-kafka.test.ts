import { test } from 'vitest';
import type { StatusInfo } from '../../src/client/index.ts';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import { silent } from '../../src/observability/silent.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { losses, measureTakeover } from '../support/lost-worker.ts';
import { servers } from '../support/servers.ts';

const draw = generator(import.meta.url);

test('a worker that is cut off from Kafka hands over its tasks, and its REST API still controls connectors', async () => {
  const kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);
  try {
    await measureTakeover(draw, kafka, losses['is cut off from Kafka'], {
      connectors: 3,
      async during({ group, first, connectors: [connector] }) {
        const path = `/${encodeURIComponent(connector?.name ?? '')}`;
        await group.request('PUT', `${path}/pause`, undefined, first);
        await eventually('it is paused', async () => {
          const { tasks } = await group.request<StatusInfo>('GET', `${path}/status`, undefined, first);
          return tasks[0]?.state === 'PAUSED';
        });
      },
    });
  } finally {
    await kafka.close();
  }
}, 120_000);
