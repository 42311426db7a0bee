import kafkajsModule, { type Kafka as KafkaJs } from 'kafkajs';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import type { FetchedRecords, KafkaClient, ProducerBatch, RawHeader } from '../../../src/kafka/port.ts';
import { eventually } from '../../support/eventually.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

const { Kafka, logLevel } = kafkajsModule;
const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

export interface Implementation {
  readonly name: string;
  connect(address: string, requestTimeoutMs?: number): KafkaClient;
}

/** All implementations of the port: each test of this folder runs for each of them. */
export const implementations: readonly Implementation[] = [
  {
    name: 'over kafkajs',
    connect: (address, requestTimeoutMs = 20_000) =>
      kafkaClient({ brokers: [address], clientId: 'contract', requestTimeoutMs }, log),
  },
];

/** A client of the test broker with fixtures; its topics are deleted with it. */
export interface Bench extends AsyncDisposable {
  readonly client: KafkaClient;
  /** A plain kafkajs client for operations that the port does not have. */
  readonly kafkajs: KafkaJs;
  topic(partitions?: number, config?: Record<string, string>): Promise<string>;
  /**
   * All committed records of a topic by partition and offset, after all its transactions are decided: Kafka
   * acknowledges a commit before it writes the markers.
   */
  read(topic: string): Promise<CommittedRecord[]>;
}

export function bench(implementation: Implementation, address = servers().kafka): Bench {
  const client = implementation.connect(address);
  const kafkajs = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
  const topics: string[] = [];
  return {
    client,
    kafkajs,
    async read(topic) {
      const count = (await client.admin.partitions([topic])).get(topic) ?? 0;
      const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }));
      await eventually(`all transactions in ${topic} are decided`, async () => {
        const ends = await client.admin.offsets(partitions);
        return ends.every(({ end, high }) => end === high);
      });
      return readAll(client, topic);
    },
    async topic(partitions = 1, config = {}) {
      const topic = uniqueName('contract_kafka');
      topics.push(topic);
      await client.admin.createTopics([{ topic, partitions, replicationFactor: 1, config }]);
      return topic;
    },
    async [Symbol.asyncDispose]() {
      await client.admin.deleteTopics(topics);
      await client.close();
    },
  };
}

export interface OutgoingRecord {
  readonly partition?: number | null;
  readonly timestamp?: number | null;
  readonly key?: Buffer | string | null;
  readonly value?: Buffer | string | null;
  readonly headers?: readonly RawHeader[];
}

export function append(batch: ProducerBatch, topic: string, record: OutgoingRecord): Promise<void> | undefined {
  const { partition = null, timestamp = null, key = null, value = null, headers = [] } = record;
  const keyBytes = Buffer.from(key ?? '');
  const bytes = Buffer.concat([keyBytes, Buffer.from(value ?? '')]);
  const at = keyBytes.length;
  return batch.append(
    topic,
    partition,
    timestamp,
    bytes,
    key === null ? -1 : 0,
    at,
    value === null ? -1 : at,
    bytes.length,
    headers,
  );
}

export interface CommittedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
}

const copyRecord = (bytes: Uint8Array | null): Buffer | null => bytes && Buffer.from(bytes);

/** Copies, because fetched records are valid only until the next poll. */
export const copies = ({ partition, records }: FetchedRecords): CommittedRecord[] =>
  records.map(({ offset, timestamp, key, value, headers }) => ({
    partition,
    offset,
    timestamp,
    key: copyRecord(key),
    value: copyRecord(value),
    headers: headers.map(header => ({ key: header.key, value: copyRecord(header.value) })),
  }));

/** All committed records of a topic from an offset to the current last stable offset, by partition and offset. */
export async function readAll(client: KafkaClient, topic: string, from?: number): Promise<CommittedRecord[]> {
  const partitions = (await client.admin.partitions([topic])).get(topic) ?? 0;
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  const ends = new Map((await client.admin.offsets(all)).map(range => [range.partition, range]));
  const assigned = [...ends.values()].map(({ partition, low }) => ({ topic, partition, offset: from ?? low }));
  const reader = await client.reader({ assigned, maxBytes: 1 << 20, maxPartitionBytes: 1 << 20, maxWaitMs: 200 });
  const read: CommittedRecord[] = [];
  for (const { partition, low, end } of ends.values()) if ((from ?? low) >= end) ends.delete(partition);
  while (ends.size > 0)
    for (const fetched of await reader.poll()) {
      read.push(...copies(fetched));
      if (fetched.next >= (ends.get(fetched.partition)?.end ?? 0)) ends.delete(fetched.partition);
    }
  await reader.close();
  return read.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

export const values = (records: readonly CommittedRecord[]): (string | null)[] =>
  records.map(({ value }) => value?.toString() ?? null);
