import type { KafkaClient } from './port.ts';

/** Interval of requests, of which one at a time is under way. */
const PROBE_MS = 500;
/** Intervals without an answer after which Kafka is lost. They are counted: a process that was frozen misses one. */
const LOST_AFTER = 9;

export interface KafkaContact {
  close(): void;
}

/**
 * Watches whether brokers answer this process. lost: called once they have not for four and a half seconds. found: called
 * when they answer again. It is in contact to begin with.
 */
export function watchKafka(
  { admin }: Pick<KafkaClient, 'admin'>,
  observer: { lost(): void; found(): void },
): KafkaContact {
  let missed = 0;
  let probing = false;

  async function probe(): Promise<void> {
    probing = true;
    try {
      await admin.clusterId();
      if (missed >= LOST_AFTER) observer.found();
      missed = 0;
    } catch {
      // The intervals without an answer count.
    } finally {
      probing = false;
    }
  }

  const timer = setInterval(() => {
    missed++;
    if (missed === LOST_AFTER) observer.lost();
    if (!probing) void probe();
  }, PROBE_MS);
  return { close: () => clearInterval(timer) };
}
