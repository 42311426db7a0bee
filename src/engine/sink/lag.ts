import type { TopicPartition } from '../../api/index.ts';
import type { FetchedRecords, KafkaClient, PartitionOffset } from '../../kafka/port.ts';
import { partitionName } from '../partition-name.ts';

interface PartitionLag {
  readonly end: number;
  readonly records: number;
  /** Age of the last record that was read, in milliseconds; 0 at the end of the partition. */
  readonly ms: number;
}

/** Lag of a sink task: its distance from the ends of its partitions. */
export class SinkLag {
  readonly #partitions: Map<string, PartitionLag>;

  private constructor(partitions: Map<string, PartitionLag>) {
    this.#partitions = partitions;
  }

  /** Lag before anything is read. start: the positions to read from. KAFKA_UNAVAILABLE. */
  static async create(
    kafka: KafkaClient,
    assigned: readonly TopicPartition[],
    start: readonly PartitionOffset[],
  ): Promise<SinkLag> {
    const startOffsets = new Map(start.map(position => [partitionName(position), position.offset]));
    const ends = await kafka.admin.offsets(assigned);
    return new SinkLag(
      new Map(
        ends.map(partition => {
          const name = partitionName(partition);
          const { end } = partition;
          return [name, { end, records: Math.max(0, end - (startOffsets.get(name) ?? 0)), ms: 0 }];
        }),
      ),
    );
  }

  /** Ends of the partitions with unread records, by partition name. */
  unreadEnds(): ReadonlyMap<string, number> {
    const unread = [...this.#partitions].filter(([, { records }]) => records > 0);
    return new Map(unread.map(([name, { end }]) => [name, end]));
  }

  update(fetched: readonly FetchedRecords[]): void {
    for (const part of fetched) {
      const name = partitionName(part);
      const { end, next } = part;
      const records = Math.max(0, end - next);
      const timestamp = part.records.at(-1)?.timestamp ?? -1;
      const ms = timestamp < 0 ? (this.#partitions.get(name)?.ms ?? 0) : Math.max(0, Date.now() - timestamp);
      this.#partitions.set(name, { end, records, ms: records === 0 ? 0 : ms });
    }
  }

  /** Totals of all partitions: the sum of the records and the longest time. */
  figures(): { readonly lag: number; readonly lag_ms: number } {
    const all = [...this.#partitions.values()];
    return {
      lag: all.reduce((sum, { records }) => sum + records, 0),
      lag_ms: Math.max(0, ...all.map(({ ms }) => ms)),
    };
  }
}
