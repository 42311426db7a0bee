import { DataError, type ErrorCode, FencedError, MillraceError, messageOf } from '../errors.ts';

/** Kafka's error codes that mean something to this port (org.apache.kafka.common.protocol.Errors). */
export const codes = {
  UNKNOWN_SERVER_ERROR: -1,
  NONE: 0,
  OFFSET_OUT_OF_RANGE: 1,
  CORRUPT_MESSAGE: 2,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  LEADER_NOT_AVAILABLE: 5,
  NOT_LEADER_OR_FOLLOWER: 6,
  REQUEST_TIMED_OUT: 7,
  REPLICA_NOT_AVAILABLE: 9,
  MESSAGE_TOO_LARGE: 10,
  NETWORK_EXCEPTION: 13,
  COORDINATOR_LOAD_IN_PROGRESS: 14,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  INVALID_TOPIC_EXCEPTION: 17,
  RECORD_LIST_TOO_LARGE: 18,
  NOT_ENOUGH_REPLICAS: 19,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 20,
  ILLEGAL_GENERATION: 22,
  INVALID_GROUP_ID: 24,
  UNKNOWN_MEMBER_ID: 25,
  REBALANCE_IN_PROGRESS: 27,
  TOPIC_AUTHORIZATION_FAILED: 29,
  GROUP_AUTHORIZATION_FAILED: 30,
  CLUSTER_AUTHORIZATION_FAILED: 31,
  INVALID_TIMESTAMP: 32,
  UNSUPPORTED_SASL_MECHANISM: 33,
  ILLEGAL_SASL_STATE: 34,
  UNSUPPORTED_VERSION: 35,
  TOPIC_ALREADY_EXISTS: 36,
  INVALID_PARTITIONS: 37,
  INVALID_REPLICATION_FACTOR: 38,
  INVALID_REPLICA_ASSIGNMENT: 39,
  INVALID_CONFIG: 40,
  NOT_CONTROLLER: 41,
  INVALID_REQUEST: 42,
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 43,
  POLICY_VIOLATION: 44,
  OUT_OF_ORDER_SEQUENCE_NUMBER: 45,
  DUPLICATE_SEQUENCE_NUMBER: 46,
  INVALID_PRODUCER_EPOCH: 47,
  INVALID_TXN_STATE: 48,
  INVALID_PRODUCER_ID_MAPPING: 49,
  INVALID_TRANSACTION_TIMEOUT: 50,
  CONCURRENT_TRANSACTIONS: 51,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 53,
  SECURITY_DISABLED: 54,
  OPERATION_NOT_ATTEMPTED: 55,
  KAFKA_STORAGE_ERROR: 56,
  SASL_AUTHENTICATION_FAILED: 58,
  UNKNOWN_PRODUCER_ID: 59,
  GROUP_ID_NOT_FOUND: 69,
  LISTENER_NOT_FOUND: 72,
  FENCED_LEADER_EPOCH: 74,
  UNKNOWN_LEADER_EPOCH: 75,
  UNSUPPORTED_COMPRESSION_TYPE: 76,
  OFFSET_NOT_AVAILABLE: 78,
  INVALID_RECORD: 87,
  UNSTABLE_OFFSET_COMMIT: 88,
  THROTTLING_QUOTA_EXCEEDED: 89,
  PRODUCER_FENCED: 90,
  UNKNOWN_TOPIC_ID: 100,
  INCONSISTENT_TOPIC_ID: 103,
  TRANSACTIONAL_ID_NOT_FOUND: 105,
  OFFSET_MOVED_TO_TIERED_STORAGE: 109,
  TRANSACTION_ABORTABLE: 120,
} as const;

const names = new Map<number, string>(Object.entries(codes).map(([name, code]) => [code, name]));
export const nameOf = (code: number): string => names.get(code) ?? `error code ${code}`;

/** Kafka may have moved the partition: ask again who leads it. */
const stale = new Set<number>([
  codes.UNKNOWN_TOPIC_OR_PARTITION,
  codes.LEADER_NOT_AVAILABLE,
  codes.NOT_LEADER_OR_FOLLOWER,
  codes.REPLICA_NOT_AVAILABLE,
  codes.NETWORK_EXCEPTION,
  codes.KAFKA_STORAGE_ERROR,
  codes.LISTENER_NOT_FOUND,
  codes.FENCED_LEADER_EPOCH,
  codes.UNKNOWN_LEADER_EPOCH,
  codes.UNKNOWN_TOPIC_ID,
  codes.INCONSISTENT_TOPIC_ID,
]);
/** Kafka may have moved the coordinator: ask again who it is. */
const coordinatorMoved = new Set<number>([codes.COORDINATOR_NOT_AVAILABLE, codes.NOT_COORDINATOR]);
const passing = new Set<number>([
  ...stale,
  ...coordinatorMoved,
  codes.COORDINATOR_LOAD_IN_PROGRESS,
  codes.CORRUPT_MESSAGE,
  codes.REQUEST_TIMED_OUT,
  codes.NOT_ENOUGH_REPLICAS,
  codes.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  codes.NOT_CONTROLLER,
  codes.CONCURRENT_TRANSACTIONS,
  codes.OFFSET_NOT_AVAILABLE,
  codes.UNSTABLE_OFFSET_COMMIT,
  codes.THROTTLING_QUOTA_EXCEEDED,
]);
/**
 * A newer producer of the same transactional id, or the broker that aborted a transaction older than
 * `transaction.timeout.ms`, which it does by the same means: a newer epoch.
 */
const fenced = new Set<number>([
  codes.INVALID_PRODUCER_EPOCH,
  codes.PRODUCER_FENCED,
  codes.INVALID_TXN_STATE,
  codes.INVALID_PRODUCER_ID_MAPPING,
]);
const record = new Set<number>([
  codes.MESSAGE_TOO_LARGE,
  codes.RECORD_LIST_TOO_LARGE,
  codes.INVALID_TIMESTAMP,
  codes.INVALID_RECORD,
]);
const setup = new Set<number>([
  codes.INVALID_TOPIC_EXCEPTION,
  codes.ILLEGAL_GENERATION,
  codes.INVALID_GROUP_ID,
  codes.UNKNOWN_MEMBER_ID,
  codes.REBALANCE_IN_PROGRESS,
  codes.TOPIC_AUTHORIZATION_FAILED,
  codes.GROUP_AUTHORIZATION_FAILED,
  codes.CLUSTER_AUTHORIZATION_FAILED,
  codes.UNSUPPORTED_SASL_MECHANISM,
  codes.ILLEGAL_SASL_STATE,
  codes.UNSUPPORTED_VERSION,
  codes.INVALID_PARTITIONS,
  codes.INVALID_REPLICATION_FACTOR,
  codes.INVALID_REPLICA_ASSIGNMENT,
  codes.INVALID_CONFIG,
  codes.INVALID_REQUEST,
  codes.UNSUPPORTED_FOR_MESSAGE_FORMAT,
  codes.POLICY_VIOLATION,
  codes.INVALID_TRANSACTION_TIMEOUT,
  codes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  codes.SECURITY_DISABLED,
  codes.SASL_AUTHENTICATION_FAILED,
  codes.UNSUPPORTED_COMPRESSION_TYPE,
]);

/** No answer: the connection could not be made, or was lost, or the answer was late. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  /** Whether the request may have been carried out all the same. */
  readonly sent: boolean;
  constructor(message: string, sent: boolean, options?: { cause?: unknown }) {
    super(message, options);
    this.sent = sent;
  }
}

/** The broker's answer was an error. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code: number;
  /** what: what was asked, in the middle of a sentence. detail: the broker's own words. */
  constructor(code: number, what: string, detail?: string | null) {
    super(`${nameOf(code)} for ${what}${detail ? `: ${detail}` : ''}`);
    this.code = code;
  }
}

/** Something that someone must mend before a connection can work: a certificate, a password, a broker too old. */
export class SetupFailure extends Error {
  override readonly name = 'SetupFailure';
}

const unauthorized: ReadonlySet<number> = new Set([
  codes.TOPIC_AUTHORIZATION_FAILED,
  codes.CLUSTER_AUTHORIZATION_FAILED,
]);

export function failIf(code: number, what: string, detail?: string | null): void {
  if (code !== codes.NONE) throw new BrokerError(code, what, detail);
}

export const isStale = (error: unknown): boolean =>
  error instanceof ConnectionLost || (error instanceof BrokerError && stale.has(error.code));
export const coordinatorIsElsewhere = (error: unknown): boolean =>
  error instanceof ConnectionLost || (error instanceof BrokerError && coordinatorMoved.has(error.code));
/** The same request may be sent again and may then succeed. */
export const isPassing = (error: unknown): boolean =>
  error instanceof ConnectionLost || (error instanceof BrokerError && passing.has(error.code));
/** Also of what the port's callers see. */
export const isUnauthorized = (error: unknown): boolean =>
  error instanceof BrokerError
    ? unauthorized.has(error.code)
    : error instanceof MillraceError && error.cause !== undefined && isUnauthorized(error.cause);
export const isFenced = (error: unknown): boolean => error instanceof BrokerError && fenced.has(error.code);

/** What the port's callers see. doing: what was tried, such as "commit to Kafka". */
export function millraceError(error: unknown, doing: string, setupCode: ErrorCode): unknown {
  if (error instanceof MillraceError) return error;
  const cannot = (why: string): string => `Cannot ${doing}: ${why.trim().replace(/(?<![\s:.])[\s:.]+$/, '')}.`;
  if (error instanceof SetupFailure) return new MillraceError(setupCode, cannot(error.message), { cause: error });
  if (error instanceof ConnectionLost)
    return new MillraceError('KAFKA_UNAVAILABLE', cannot(error.message), { cause: error });
  if (!(error instanceof BrokerError)) return new MillraceError('INTERNAL', cannot(messageOf(error)), { cause: error });
  const message = cannot(`Kafka answers ${error.message}`);
  if (fenced.has(error.code))
    return new FencedError(
      cannot(
        `a newer producer has taken over this transactional id, or the transaction was older than transaction.timeout.ms (Kafka answers ${error.message})`,
      ),
      { cause: error },
    );
  if (record.has(error.code)) return new DataError(message, { cause: error });
  return new MillraceError(setup.has(error.code) ? setupCode : 'KAFKA_UNAVAILABLE', message, { cause: error });
}
