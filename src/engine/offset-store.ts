import type { PositionReader, SourcePosition } from '../api/index.ts';
import type { ProducerBatch } from '../kafka/port.ts';

/** Where source positions are kept: Kafka Connect's compacted offset topic. */
export interface OffsetStore {
  readonly topic: string;
  /** All committed positions of a connector. Call it after fencing, or an older writer may still add to them. */
  load(connector: string): Promise<PositionReader>;
  /** Puts positions into the transaction of the records that they stand behind. */
  append(batch: ProducerBatch, connector: string, positions: readonly SourcePosition[]): void;
}
