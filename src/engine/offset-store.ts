import type { PositionReader, SourcePosition } from '../api/index.ts';
import type { ProducerBatch } from '../kafka/port.ts';

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Leaves out positions in open transactions. Otherwise `load` waits for these, then rejects with KAFKA_UNAVAILABLE. */
  readonly committedOnly?: boolean;
}

/** Store of source offsets: Kafka Connect's compacted offsets topic. */
export interface OffsetStore {
  readonly topic: string;
  /** Loads all committed positions of a connector. Requires fenced producers: an older one could still append. */
  load(connector: string, options?: LoadOptions): Promise<PositionReader>;
  /** Appends positions to the transaction that contains the records before them. */
  append(batch: ProducerBatch, connector: string, positions: readonly SourcePosition[]): Promise<void>;
}
