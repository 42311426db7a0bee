import type { ConnectorType } from '../../workflows/shared/messages.ts';
import type { ClientSettings } from '../config/client-settings/index.ts';
import type { OffsetStore } from '../engine/offset-store.ts';
import type { KafkaClient } from '../kafka/port.ts';

/** Kafka as one connector has it: with the settings and the identity of its clients. Disposed of when its work is done. */
export interface ConnectorServices extends Disposable {
  /**
   * Writes and fences as the producer, reads as the consumer. Its admin client is a source's own, and a sink's consumer,
   * whose cluster has the topics and the group.
   */
  readonly kafka: KafkaClient;
  /** Writes as the producer, and creates topics as the admin client. */
  readonly deadLetterKafka: KafkaClient;
  /** Positions of a source: on the cluster of its producer. */
  readonly offsets: OffsetStore;
  /** The worker's offsets topic, where `offsets` is another: read for positions that `offsets` lacks. */
  readonly workerOffsets?: { readonly kafka: KafkaClient; readonly offsets: OffsetStore };
  /** Tells the brokers of the producer from others; '' for the worker's. */
  readonly brokers: string;
}

/** props: a configuration, for `offsets.storage.topic`. CONFIG_INVALID. */
export type OpenServices = (
  type: ConnectorType,
  clients: ClientSettings,
  props: Readonly<Record<string, string>>,
) => ConnectorServices;
