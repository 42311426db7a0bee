import type { TopicPartition } from '../../src/api/index.ts';
import { throwIfError } from '../../src/kafka/failures.ts';
import { type FieldReader, FieldWriter } from '../../src/kafka/protocol/fields.ts';
import { flexibleExchange } from '../../src/kafka/protocol/flexible-exchange.ts';

// Admin requests that kafkajs does not implement: https://kafka.apache.org/protocol

const TIMEOUT_MS = 10_000;
const ELECTION_NOT_NEEDED = 84;

/** A partition with its target replicas. */
interface Assignment extends TopicPartition {
  readonly replicas: readonly number[];
}

/** AlterPartitionReassignments version 0: sets the replicas of partitions. Throws the controller's errors. */
export function reassign(partitions: readonly Assignment[]) {
  const body = new FieldWriter().tags().int32(TIMEOUT_MS);
  body.compactArray(partitions, ({ topic, partition, replicas }) => {
    body.compactString(topic).compactArray([partition], number => {
      body.int32(number).compactArray(replicas, replica => body.int32(replica));
      body.tags();
    });
    body.tags();
  });
  return flexibleExchange([45, 0], body.tags(), fields => {
    fields.int32();
    throwIfError(fields.int16(), 'a reassignment', fields.compactString());
    failIfAny(fields, []);
  });
}

/** ElectLeaders version 2: makes the first replica of each partition its leader. Throws the controller's errors. */
export function electPreferred(partitions: readonly TopicPartition[]) {
  const body = new FieldWriter().tags().int8(0);
  body.compactArray(partitions, ({ topic, partition }) => {
    body.compactString(topic).compactArray([partition], number => body.int32(number));
    body.tags();
  });
  return flexibleExchange([43, 2], body.int32(TIMEOUT_MS).tags(), fields => {
    fields.int32();
    throwIfError(fields.int16(), 'an election');
    failIfAny(fields, [ELECTION_NOT_NEEDED]);
  });
}

/** Reads the error code of each partition. */
function failIfAny(fields: FieldReader, harmless: readonly number[]): void {
  fields.compactArray(() => {
    const topic = fields.compactString();
    fields.compactArray(() => {
      const [partition, code, message] = [fields.int32(), fields.int16(), fields.compactString()];
      if (!harmless.includes(code)) throwIfError(code, `partition ${partition} of topic ${topic}`, message);
    });
  });
}
