import { STATUS_CODES } from 'node:http';
import { isErrorCode, MillraceError } from '../errors.ts';

/** Body of error responses. */
export interface ErrorBody {
  readonly error_code: number;
  readonly message: string;
}

/** A request that is rejected by its HTTP properties. The default message is Kafka Connect's. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  constructor(status: number, message = `HTTP ${status} ${STATUS_CODES[status]}`) {
    super(message);
    this.status = status;
  }
}

export const badRequest = (message: string): MillraceError => new MillraceError('BAD_REQUEST', message);

/**
 * Maps an error to an HTTP response. Only MillraceErrors and HttpErrors expose their message; the details of others are in
 * the log under `requestId`.
 */
export function errorBody(error: unknown, requestId: string): ErrorBody {
  if (error instanceof HttpError) return bodyFor(error.status, error.message);
  if (error instanceof MillraceError && isErrorCode(error.code)) return bodyFor(error.http, error.message);
  return (
    fastifyError(error) ?? bodyFor(500, `Internal error; for details see request ${requestId} in the worker's log.`)
  );
}

/** Response to Fastify's errors for unreadable requests. */
function fastifyError(error: unknown): ErrorBody | undefined {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  if (typeof code !== 'string' || !code.startsWith('FST_ERR_')) return undefined;
  if (code === 'FST_ERR_BAD_URL') return bodyFor(400, 'The path of the URL is not encoded correctly: write % as %25.');
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return bodyFor(413, 'The request body is larger than 1 MiB.');
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) return undefined;
  return bodyFor(statusCode, `HTTP ${statusCode} ${STATUS_CODES[statusCode]}`);
}

const bodyFor = (error_code: number, message: string): ErrorBody => ({ error_code, message });

/** Kafka Connect's message for an invalid configuration. */
export const configInvalid = (messages: readonly string[]): MillraceError =>
  new MillraceError(
    'CONFIG_INVALID',
    [
      `Connector configuration is invalid and contains the following ${messages.length} error(s):`,
      ...messages,
      'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`',
    ].join('\n'),
  );

/** For `.catch`: replaces the message of NOT_FOUND by the one that Kafka Connect has for this resource. */
export const withNotFoundMessage =
  (message: string) =>
  (error: unknown): never => {
    throw isNotFound(error) ? new MillraceError('NOT_FOUND', message, { cause: error }) : error;
  };

export const isNotFound = (error: unknown): boolean => error instanceof MillraceError && error.code === 'NOT_FOUND';
