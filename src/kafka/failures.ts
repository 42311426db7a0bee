import { DataError, type ErrorCode, FencedError, MillraceError, messageOf } from '../errors.ts';

/** Kafka's error codes that this client distinguishes (org.apache.kafka.common.protocol.Errors). */
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
export const errorName = (code: number): string => names.get(code) ?? `error code ${code}`;

/** The partition may have a new leader: refresh the metadata. */
const staleMetadataCodes = new Set<number>([
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
/** The coordinator may have moved: look it up again. */
const coordinatorMovedCodes = new Set<number>([codes.COORDINATOR_NOT_AVAILABLE, codes.NOT_COORDINATOR]);
const retriableCodes = new Set<number>([
  ...staleMetadataCodes,
  ...coordinatorMovedCodes,
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
 * The producer's epoch is outdated. A newer producer of the transactional id has incremented it, or the broker when it
 * aborted a transaction older than `transaction.timeout.ms`.
 */
const fencedCodes = new Set<number>([
  codes.INVALID_PRODUCER_EPOCH,
  codes.PRODUCER_FENCED,
  codes.INVALID_TXN_STATE,
  codes.INVALID_PRODUCER_ID_MAPPING,
]);
const recordCodes = new Set<number>([
  codes.MESSAGE_TOO_LARGE,
  codes.RECORD_LIST_TOO_LARGE,
  codes.INVALID_TIMESTAMP,
  codes.INVALID_RECORD,
]);
const setupCodes = new Set<number>([
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

/** No response: the connection could not be established or was lost, or the request timed out. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  /** True: the broker may have processed the request. */
  readonly wasSent: boolean;
  constructor(message: string, sent: boolean, options?: { cause?: unknown }) {
    super(message, options);
    this.wasSent = sent;
  }
}

/** The broker responded with an error code. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code: number;
  /** subject: for example `topic orders`. detail: the broker's error message. */
  constructor(code: number, subject: string, detail?: string | null) {
    super(`${errorName(code)} for ${subject}${detail ? `: ${detail}` : ''}`);
    this.code = code;
  }
}

/** A connection fails until a person corrects the setup: certificates, credentials, or the version of the brokers. */
export class SetupError extends Error {
  override readonly name = 'SetupFailure';
}

const unauthorizedCodes: ReadonlySet<number> = new Set([
  codes.TOPIC_AUTHORIZATION_FAILED,
  codes.CLUSTER_AUTHORIZATION_FAILED,
]);

export function throwIfError(code: number, subject: string, detail?: string | null): void {
  if (code !== codes.NONE) throw new BrokerError(code, subject, detail);
}

export const isStaleMetadata = (error: unknown): boolean =>
  error instanceof ConnectionLost || (error instanceof BrokerError && staleMetadataCodes.has(error.code));
export const hasCoordinatorMoved = (error: unknown): boolean =>
  error instanceof ConnectionLost || (error instanceof BrokerError && coordinatorMovedCodes.has(error.code));
/** True if the same request may be sent again and may succeed then. */
export const isRetriableError = (error: unknown): boolean =>
  error instanceof ConnectionLost || (error instanceof BrokerError && retriableCodes.has(error.code));
/** True also for the MillraceError that `toMillraceError` made of it. */
export const isUnauthorized = (error: unknown): boolean =>
  error instanceof BrokerError
    ? unauthorizedCodes.has(error.code)
    : error instanceof MillraceError && error.cause !== undefined && isUnauthorized(error.cause);
export const isFenced = (error: unknown): boolean => error instanceof BrokerError && fencedCodes.has(error.code);

/** Converts an error for the callers of the port. operation: completes "Cannot …", such as "commit to Kafka". */
export function toMillraceError(error: unknown, operation: string, setupCode: ErrorCode): unknown {
  if (error instanceof MillraceError) return error;
  const toMessage = (reason: string): string =>
    `Cannot ${operation}: ${reason.trim().replace(/(?<![\s:.])[\s:.]+$/, '')}.`;
  if (error instanceof SetupError) return new MillraceError(setupCode, toMessage(error.message), { cause: error });
  if (error instanceof ConnectionLost)
    return new MillraceError('KAFKA_UNAVAILABLE', toMessage(error.message), { cause: error });
  if (!(error instanceof BrokerError))
    return new MillraceError('INTERNAL', toMessage(messageOf(error)), { cause: error });
  const message = toMessage(`Kafka returned ${error.message}`);
  if (fencedCodes.has(error.code))
    return new FencedError(
      toMessage(
        `a newer producer has taken over this transactional id, or the transaction was older than transaction.timeout.ms (Kafka returned ${error.message})`,
      ),
      { cause: error },
    );
  if (recordCodes.has(error.code)) return new DataError(message, { cause: error });
  return new MillraceError(setupCodes.has(error.code) ? setupCode : 'KAFKA_UNAVAILABLE', message, { cause: error });
}
