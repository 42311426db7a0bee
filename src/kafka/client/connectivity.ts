import type { KafkaClient } from '../port.ts';

/** Interval between requests. Each broker has at most one in flight. */
const PROBE_MS = 500;
/** Intervals without a response after which Kafka counts as lost. Counted, as a frozen process misses only one interval. */
const LOST_AFTER = 9;

export interface KafkaWatch {
  close(): void;
}

/**
 * Watches whether any broker responds to this process. clients: one for each broker. lost: called when none has responded for
 * 4.5 seconds. found: called when one responds again. Requests go to the last broker that responded; if it does not respond
 * within an interval, as when it is frozen, they go to all of them.
 */
export function watchKafka(
  clients: readonly Pick<KafkaClient, 'admin'>[],
  observer: { lost(): void; found(): void },
): KafkaWatch {
  const probing = new Set<(typeof clients)[number]>();
  let responsive = clients.slice(0, 1);
  let missedIntervals = 0;

  async function probe(client: (typeof clients)[number]): Promise<void> {
    probing.add(client);
    try {
      await client.admin.clusterId();
      if (missedIntervals >= LOST_AFTER) observer.found();
      missedIntervals = 0;
      responsive = [client];
    } catch {
      // Counted as an interval without a response.
    } finally {
      probing.delete(client);
    }
  }

  const timer = setInterval(() => {
    missedIntervals++;
    if (missedIntervals === LOST_AFTER) observer.lost();
    for (const client of missedIntervals > 1 ? clients : responsive) if (!probing.has(client)) void probe(client);
  }, PROBE_MS);
  return { close: () => clearInterval(timer) };
}
