import {
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { isErrorCode, MillraceError } from '../errors.ts';

// gRPC codes: https://grpc.io/docs/guides/status-codes/

/** The client's code of some calls whose deadline has passed. */
const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
/** Temporal's code for a query to a workflow whose task queue no worker has polled lately. */
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;

const codeOf = (error: unknown): number | undefined => {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error && isGrpcServiceError(error.cause) ? error.cause.code : undefined;
};

export function isTimeout(error: unknown): boolean {
  const code = codeOf(error);
  return code === CANCELLED || code === DEADLINE_EXCEEDED;
}

export const hasNoWorker = (error: unknown): boolean => codeOf(error) === FAILED_PRECONDITION;

export const notFound = (name: string): MillraceError => new MillraceError('NOT_FOUND', `Connector ${name} not found`);

export const isConflict = (error: unknown): boolean => error instanceof MillraceError && error.code === 'CONFLICT';

/** address: of Temporal, for the message. */
export function toMillraceError(error: unknown, name: string, address: string): unknown {
  if (error instanceof MillraceError) return error;
  if (error instanceof WorkflowExecutionAlreadyStartedError)
    return new MillraceError('CONFLICT', `Connector ${name} already exists`);
  if (error instanceof WorkflowNotFoundError) return notFound(name);
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    const { type, message } = error.cause;
    return new MillraceError(isErrorCode(type) ? type : 'INTERNAL', message);
  }
  if (hasNoWorker(error))
    return new MillraceError(
      'TEMPORAL_UNAVAILABLE',
      `No worker answers for connector ${name}: start a worker, or wait until the existing ones are back.`,
      { cause: error },
    );
  if (isTimeout(error) || codeOf(error) === UNAVAILABLE)
    return new MillraceError(
      'TEMPORAL_UNAVAILABLE',
      `Temporal at ${address} does not answer. Waiting tasks continue by themselves when it is back; repeat this request then.`,
      { cause: error },
    );
  return error;
}
