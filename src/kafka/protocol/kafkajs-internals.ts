import { createRequire } from 'node:module';
import { FieldWriter } from './fields.ts';

/**
 * The parts of kafkajs that Millrace stands on, typed as narrowly as they are used: the request and response classes
 * of the small APIs and the SASL exchanges. They are not kafkajs's public API, so a test pins its version.
 *
 * Each API is spoken in one version, which Kafka 2.4 and all later releases (4.x among them) know; `apis` lists them
 * for the check on connecting. Produce, Fetch, OffsetDelete and those of KIP-664 are Millrace's own: `produce.ts`, `fetch.ts`,
 * `offset-delete.ts`, `describe-transactions.ts`, `topic-descriptions.ts`.
 */
const require = createRequire(import.meta.url);

/** One request with the way to read its response. Error codes are left in the response, never thrown. */
export interface Exchange<R> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    encode(): Promise<{ readonly buffer: Buffer }>;
  };
  readonly response: { decode(payload: Buffer): Promise<R>; parse(decoded: R): Promise<R> };
}

interface Requests {
  readonly [name: string]: {
    protocol(of: { version: number }): ((args: object) => Exchange<unknown>) | undefined;
  };
}
const { requests } = require('kafkajs/src/protocol/requests/index.js') as { requests: Requests };

function api<A extends object, R>(name: string, version: number): (args: A) => Exchange<R> {
  const make = requests[name]?.protocol({ version });
  if (make === undefined) throw new Error(`kafkajs has no ${name} version ${version}`);
  return make as (args: A) => Exchange<R>;
}

interface ErrorCode {
  readonly errorCode: number;
}
/** Who writes: what every request of a transaction begins with. */
export interface TransactionIdentity {
  readonly transactionalId: string;
  readonly producerId: string;
  readonly producerEpoch: number;
}
export interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}
interface TopicOffsets {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: number; readonly metadata: string }[];
}
interface TopicErrors {
  readonly topic: string;
  readonly partitions: readonly (ErrorCode & { readonly partition: number })[];
}

export interface MetadataResponse {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number;
    readonly topic: string;
    readonly isInternal: boolean;
    readonly partitionMetadata: readonly {
      readonly partitionErrorCode: number;
      readonly partitionId: number;
      readonly leader: number;
    }[];
  }[];
}

export const apiVersions = api<
  object,
  ErrorCode & { readonly apiVersions: readonly { apiKey: number; minVersion: number; maxVersion: number }[] }
>('ApiVersions', 2);
/** topics []: all of them. */
export const metadata = api<
  { readonly topics: readonly string[]; readonly allowAutoTopicCreation: boolean },
  MetadataResponse
>('Metadata', 6);
/** Of the cluster alone; kafkajs writes an empty list of topics as all of them. */
export function clusterMetadata(): Exchange<MetadataResponse> {
  const exchange = metadata({ topics: [], allowAutoTopicCreation: false });
  const buffer = Buffer.from([0, 0, 0, 0, 0]);
  return { ...exchange, request: { ...exchange.request, encode: async () => ({ buffer }) } };
}
export const findCoordinator = api<
  /** groupId: of a group (type 0), or a transactional id (type 1). */
  { readonly groupId: string; readonly coordinatorType: number },
  ErrorCode & { readonly coordinator: { readonly nodeId: number; readonly host: string; readonly port: number } }
>('GroupCoordinator', 2);
export const initProducerId = api<
  { readonly transactionalId: string; readonly transactionTimeout: number },
  ErrorCode & { readonly producerId: string; readonly producerEpoch: number }
>('InitProducerId', 1);
export const addPartitionsToTxn = api<
  TransactionIdentity & { readonly topics: readonly TopicPartitions[] },
  { readonly errors: readonly { readonly topic: string; readonly partitionErrors: TopicErrors['partitions'] }[] }
>('AddPartitionsToTxn', 1);
export const addOffsetsToTxn = api<TransactionIdentity & { readonly groupId: string }, ErrorCode>('AddOffsetsToTxn', 1);
export const txnOffsetCommit = api<
  TransactionIdentity & { readonly groupId: string; readonly topics: readonly TopicOffsets[] },
  { readonly topics: readonly TopicErrors[] }
>('TxnOffsetCommit', 1);
export const endTxn = api<TransactionIdentity & { readonly transactionResult: boolean }, ErrorCode>('EndTxn', 1);
export const offsetCommit = api<
  {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
    readonly topics: readonly TopicOffsets[];
  },
  { readonly responses: readonly TopicErrors[] }
>('OffsetCommit', 5);
export const offsetFetch = api<
  {
    readonly groupId: string;
    readonly topics: readonly { topic: string; partitions: readonly { partition: number }[] }[];
  },
  ErrorCode & {
    readonly responses: readonly {
      readonly topic: string;
      readonly partitions: readonly (ErrorCode & {
        readonly partition: number;
        readonly offset: string;
        readonly metadata: string | null;
      })[];
    }[];
  }
>('OffsetFetch', 4);
/** Of every partition that the group has an offset of; kafkajs cannot ask for all of them. */
export function allOffsets(groupId: string): ReturnType<typeof offsetFetch> {
  const exchange = offsetFetch({ groupId, topics: [] });
  const buffer = new FieldWriter().string(groupId).int32(-1).take();
  return { ...exchange, request: { ...exchange.request, encode: async () => ({ buffer }) } };
}
export const listOffsets = api<
  {
    readonly replicaId: -1;
    readonly isolationLevel: number;
    readonly topics: readonly {
      topic: string;
      partitions: readonly { readonly partition: number; readonly timestamp: number }[];
    }[];
  },
  {
    readonly responses: readonly {
      readonly topic: string;
      readonly partitions: readonly (ErrorCode & { readonly partition: number; readonly offset: string })[];
    }[];
  }
>('ListOffsets', 3);
const createTopics3 = api<
  {
    readonly topics: readonly {
      readonly topic: string;
      readonly numPartitions: number;
      readonly replicationFactor: number;
      readonly configEntries: readonly { readonly name: string; readonly value: string }[];
    }[];
    readonly timeout: number;
  },
  { readonly topicErrors: readonly (ErrorCode & { readonly topic: string; readonly errorMessage: string | null })[] }
>('CreateTopics', 3);
/** Version 4 has the bytes of version 3 and lets -1 stand for the broker's own number of partitions and replicas. */
export const createTopics: typeof createTopics3 = args => {
  const exchange = createTopics3(args);
  return { ...exchange, request: { ...exchange.request, apiVersion: 4 } };
};
export const deleteTopics = api<
  { readonly topics: readonly string[]; readonly timeout: number },
  { readonly topicErrors: readonly (ErrorCode & { readonly topic: string })[] }
>('DeleteTopics', 1);
/** type 2: a topic. */
export const describeConfigs = api<
  {
    readonly resources: readonly {
      readonly type: number;
      readonly name: string;
      readonly configNames: readonly string[];
    }[];
    readonly includeSynonyms: boolean;
  },
  {
    readonly resources: readonly (ErrorCode & {
      readonly errorMessage: string | null;
      readonly resourceName: string;
      readonly configEntries: readonly { readonly configName: string; readonly configValue: string | null }[];
    })[];
  }
>('DescribeConfigs', 2);

/** Key and version of every API spoken, by name. */
export const apis: Readonly<Record<string, readonly [key: number, version: number]>> = {
  Produce: [0, 8],
  Fetch: [1, 11],
  ListOffsets: [2, 3],
  Metadata: [3, 6],
  OffsetCommit: [8, 5],
  OffsetFetch: [9, 4],
  FindCoordinator: [10, 2],
  ApiVersions: [18, 2],
  CreateTopics: [19, 4],
  DeleteTopics: [20, 1],
  InitProducerId: [22, 1],
  AddPartitionsToTxn: [24, 1],
  AddOffsetsToTxn: [25, 1],
  EndTxn: [26, 1],
  TxnOffsetCommit: [28, 1],
  DescribeConfigs: [32, 2],
  OffsetDelete: [47, 0],
};

/** Those that Kafka 2.8 to 3.1 brought: what they are for is left undone where a broker does not know them. */
export const laterApis = {
  FetchById: [1, 13],
  TopicDescriptions: [3, 10],
  DescribeProducers: [61, 0],
  DescribeTransactions: [65, 0],
  ListTransactions: [66, 0],
} as const;

export interface SaslOptions {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
}

/** What kafkajs's authenticators ask of a connection. */
interface SaslConnection {
  readonly host: string;
  readonly port: number;
  /** kafkajs keeps its provider in this object. */
  readonly sasl: SaslOptions & { authenticationProvider?: unknown };
  send(exchange: Exchange<unknown>): Promise<unknown>;
}
interface QuietLogger {
  namespace(): QuietLogger;
  debug(): void;
  error(): void;
}
interface Authenticator {
  authenticate(): Promise<void>;
  /** Milliseconds, as text; '0' for ever. */
  readonly sessionLifetime: string;
}
const SaslAuthenticator = require('kafkajs/src/broker/saslAuthenticator/index.js') as new (
  connection: SaslConnection,
  logger: QuietLogger,
  versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>>,
  supportsSaslAuthenticate: boolean,
) => Authenticator;

const quiet: QuietLogger = { namespace: () => quiet, debug: () => {}, error: () => {} };

/** Logs in over `send`; resolves with the session's lifetime in milliseconds, 0 for no end. */
export async function saslAuthenticate(
  host: string,
  port: number,
  sasl: SaslOptions,
  send: <R>(exchange: Exchange<R>) => Promise<R>,
): Promise<number> {
  const connection: SaslConnection = {
    host,
    port,
    sasl: { ...sasl },
    send: async exchange => exchange.response.parse(await send(exchange)),
  };
  const versions = { 17: { minVersion: 0, maxVersion: 1 }, 36: { minVersion: 0, maxVersion: 1 } };
  const authenticator = new SaslAuthenticator(connection, quiet, versions, true);
  await authenticator.authenticate();
  return Number(authenticator.sessionLifetime);
}
