import { createRequire } from 'node:module';
import { FieldWriter } from './fields.ts';

/**
 * Internal modules of kafkajs that Millrace uses, with minimal types: the request and response codecs of the small APIs, and the
 * SASL exchanges. They are not part of kafkajs's public API, so a test pins its version.
 *
 * Each API is used in one version, which Kafka 2.4 and all later releases support; `apis` lists them for the check on
 * connecting. Produce, Fetch, OffsetDelete, Metadata with topic ids and the APIs of KIP-664 are implemented here:
 * `produce-request.ts`, `fetch-request.ts`, `offset-delete.ts`, `topic-descriptions.ts`, `describe-transactions.ts`.
 */
const require = createRequire(import.meta.url);

/** A request and the decoder of its response. Error codes are returned in the response, never thrown. */
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
  const createExchange = requests[name]?.protocol({ version });
  if (createExchange === undefined) throw new Error(`kafkajs has no ${name} version ${version}`);
  return createExchange as (args: A) => Exchange<R>;
}

interface ErrorCode {
  readonly errorCode: number;
}
/** Identity of a transactional producer: the first fields of every transaction request. */
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
/** topics: [] for all. */
export const metadata = api<
  { readonly topics: readonly string[]; readonly allowAutoTopicCreation: boolean },
  MetadataResponse
>('Metadata', 6);
/** Metadata of the cluster without topics; kafkajs encodes an empty list as all topics. */
export function clusterMetadata(): Exchange<MetadataResponse> {
  const exchange = metadata({ topics: [], allowAutoTopicCreation: false });
  const buffer = Buffer.from([0, 0, 0, 0, 0]);
  return { ...exchange, request: { ...exchange.request, encode: async () => ({ buffer }) } };
}
export const findCoordinator = api<
  /** groupId: a group id (type 0) or a transactional id (type 1). */
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
/** OffsetFetch of all partitions of a group, which kafkajs cannot encode. */
export function allGroupOffsets(groupId: string): ReturnType<typeof offsetFetch> {
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
/** Version 4 is encoded like version 3; in it -1 means the broker's default number of partitions and replicas. */
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

/** Key and version of each API in use, by name. */
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

/** APIs of Kafka 2.8 to 3.1. Features that need them are disabled if the broker does not support them. */
export const optionalApis = {
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

/** Connection as kafkajs's authenticators expect it. */
interface SaslConnection {
  readonly host: string;
  readonly port: number;
  /** kafkajs stores its provider in this object. */
  readonly sasl: SaslOptions & { authenticationProvider?: unknown };
  send(exchange: Exchange<unknown>): Promise<unknown>;
}
interface SilentLogger {
  namespace(): SilentLogger;
  debug(): void;
  error(): void;
}
interface Authenticator {
  authenticate(): Promise<void>;
  /** Milliseconds, as text; '0' for unlimited. */
  readonly sessionLifetime: string;
}
const SaslAuthenticator = require('kafkajs/src/broker/saslAuthenticator/index.js') as new (
  connection: SaslConnection,
  logger: SilentLogger,
  versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>>,
  supportsSaslAuthenticate: boolean,
) => Authenticator;

const silentLogger: SilentLogger = { namespace: () => silentLogger, debug: () => {}, error: () => {} };

/** Authenticates over `send`; resolves with the session's lifetime in milliseconds, 0 for unlimited. */
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
  const authenticator = new SaslAuthenticator(connection, silentLogger, versions, true);
  await authenticator.authenticate();
  return Number(authenticator.sessionLifetime);
}
