import type { ConnectorType } from '../../workflows/shared/messages.ts';
import type { ClientSettings } from '../config/client-settings/index.ts';
import type { OffsetStore } from '../engine/offset-store.ts';
import type { KafkaClient } from '../kafka/port.ts';

/** Kafka clients and offset stores with the settings and credentials of one connector. */
export interface ConnectorServices extends Disposable {
  /**
   * Writes and fences with the producer's settings, reads with the consumer's. The admin client has the admin settings for
   * a source and the consumer's settings for a sink, whose topics and group are on the consumer's cluster.
   */
  readonly kafka: KafkaClient;
  /** Writes with the producer's settings and creates topics with the admin client's. */
  readonly deadLetterKafka: KafkaClient;
  /** Offsets of a source, on the cluster of its producer. */
  readonly offsets: OffsetStore;
  /** The worker's offsets topic, if `offsets` is another one. It is read for partitions that `offsets` lacks. */
  readonly workerOffsets?: { readonly kafka: KafkaClient; readonly offsets: OffsetStore };
  /** Brokers of the producer; '' if they are the worker's. */
  readonly brokers: string;
}

/** props: the connector's configuration, for `offsets.storage.topic`. CONFIG_INVALID. */
export type OpenServices = (
  type: ConnectorType,
  clients: ClientSettings,
  props: Readonly<Record<string, string>>,
) => ConnectorServices;
