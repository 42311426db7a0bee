import type { KafkaClient } from '../port.ts';

/** Interval of requests, of which one at a time is under way to each broker. */
const PROBE_MS = 500;
/** Intervals without an answer after which Kafka is lost. They are counted: a process that was frozen misses one. */
const LOST_AFTER = 9;

export interface KafkaContact {
  close(): void;
}

/**
 * Watches whether any broker answers this process. clients: one for each broker. lost: called once none has answered for
 * four and a half seconds. found: called when one answers again. It is in contact to begin with. One broker is asked; the
 * others too, as long as that one has not answered a request within an interval: it may be frozen.
 */
export function watchKafka(
  clients: readonly Pick<KafkaClient, 'admin'>[],
  observer: { lost(): void; found(): void },
): KafkaContact {
  const probing = new Set<(typeof clients)[number]>();
  let answering = clients.slice(0, 1);
  let missed = 0;

  async function probe(client: (typeof clients)[number]): Promise<void> {
    probing.add(client);
    try {
      await client.admin.clusterId();
      if (missed >= LOST_AFTER) observer.found();
      missed = 0;
      answering = [client];
    } catch {
      // The intervals without an answer count.
    } finally {
      probing.delete(client);
    }
  }

  const timer = setInterval(() => {
    missed++;
    if (missed === LOST_AFTER) observer.lost();
    for (const client of missed > 1 ? clients : answering) if (!probing.has(client)) void probe(client);
  }, PROBE_MS);
  return { close: () => clearInterval(timer) };
}
