import type { TopicPartition } from '../../api/index.ts';
import type { FetchedRecords, KafkaClient, PartitionOffset } from '../../kafka/port.ts';
import { partitionName } from '../partition-name.ts';

interface Lag {
  readonly end: number;
  readonly records: number;
  /** Milliseconds since the last record that was read was written to the topic; 0: there are no more. */
  readonly ms: number;
}

/** How far behind the ends of its partitions a sink task is. */
export class SinkLag {
  readonly #partitions: Map<string, Lag>;

  private constructor(partitions: Map<string, Lag>) {
    this.#partitions = partitions;
  }

  /** Before anything is read from `start` on. KAFKA_UNAVAILABLE. */
  static async at(
    kafka: KafkaClient,
    assigned: readonly TopicPartition[],
    start: readonly PartitionOffset[],
  ): Promise<SinkLag> {
    const begin = new Map(start.map(at => [partitionName(at), at.offset]));
    const ends = await kafka.admin.offsets(assigned);
    return new SinkLag(
      new Map(
        ends.map(at => {
          const name = partitionName(at);
          return [name, { end: at.end, records: Math.max(0, at.end - (begin.get(name) ?? 0)), ms: 0 }];
        }),
      ),
    );
  }

  /** The ends of those partitions that hold anything more, by name. */
  ends(): Map<string, number> {
    const behind = [...this.#partitions].filter(([, { records }]) => records > 0);
    return new Map(behind.map(([name, { end }]) => [name, end]));
  }

  read(fetched: readonly FetchedRecords[]): void {
    for (const part of fetched) {
      const name = partitionName(part);
      const { end, next } = part;
      const records = Math.max(0, end - next);
      const timestamp = part.records.at(-1)?.timestamp ?? -1;
      const ms = timestamp < 0 ? (this.#partitions.get(name)?.ms ?? 0) : Math.max(0, Date.now() - timestamp);
      this.#partitions.set(name, { end, records, ms: records === 0 ? 0 : ms });
    }
  }

  /** Of all partitions: records in sum, and the longest time. */
  figures(): { readonly lag: number; readonly lag_ms: number } {
    const all = [...this.#partitions.values()];
    return {
      lag: all.reduce((sum, { records }) => sum + records, 0),
      lag_ms: Math.max(0, ...all.map(({ ms }) => ms)),
    };
  }
}
