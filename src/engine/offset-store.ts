import type { PositionReader, SourcePosition } from '../api/index.ts';
import type { ProducerBatch } from '../kafka/port.ts';

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Positions that are in an open transaction are left out; else they are waited for, and then KAFKA_UNAVAILABLE. */
  readonly committedOnly?: boolean;
}

/** Where source positions are kept: Kafka Connect's compacted offset topic. */
export interface OffsetStore {
  readonly topic: string;
  /** All committed positions of a connector. Call it after fencing, or an older writer may still add to them. */
  load(connector: string, options?: LoadOptions): Promise<PositionReader>;
  /** Puts positions into the transaction of the records that they stand behind. */
  append(batch: ProducerBatch, connector: string, positions: readonly SourcePosition[]): Promise<void>;
}
