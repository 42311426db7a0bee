import { STATUS_CODES } from 'node:http';
import { isErrorCode, MillraceError } from '../errors.ts';

/** What every answer that is not a success says. */
export interface ErrorBody {
  readonly error_code: number;
  readonly message: string;
}

/** A refusal by HTTP's own rules, before any resource is asked. Without a message: Connect's wording. */
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
 * The answer to whatever was thrown: the one place where errors become HTTP. Only errors that Millrace raises on
 * purpose say what they have to say; of any other the log keeps the details, under `requestId`.
 */
export function errorBody(error: unknown, requestId: string): ErrorBody {
  if (error instanceof HttpError) return body(error.status, error.message);
  if (error instanceof MillraceError && isErrorCode(error.code)) return body(error.http, error.message);
  return (
    fastifyError(error) ?? body(500, `Internal error; the worker's log tells what happened in request ${requestId}.`)
  );
}

/** Fastify's refusals of requests that it cannot read. */
function fastifyError(error: unknown): ErrorBody | undefined {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  if (typeof code !== 'string' || !code.startsWith('FST_ERR_')) return undefined;
  if (code === 'FST_ERR_BAD_URL') return body(400, 'The path of the URL is not well encoded: a % must be written %25.');
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return body(413, 'The request body is larger than 1 MiB.');
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) return undefined;
  return body(statusCode, `HTTP ${statusCode} ${STATUS_CODES[statusCode]}`);
}

const body = (error_code: number, message: string): ErrorBody => ({ error_code, message });

/** Connect's words for a configuration that cannot be taken, which people search for. */
export const configInvalid = (messages: readonly string[]): MillraceError =>
  new MillraceError(
    'CONFIG_INVALID',
    [
      `Connector configuration is invalid and contains the following ${messages.length} error(s):`,
      ...messages,
      'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`',
    ].join('\n'),
  );

/** For `.catch`: what is not there is told in the words that Connect has at this place. */
export const notFoundAs =
  (message: string) =>
  (error: unknown): never => {
    throw isNotFound(error) ? new MillraceError('NOT_FOUND', message, { cause: error }) : error;
  };

export const isNotFound = (error: unknown): boolean => error instanceof MillraceError && error.code === 'NOT_FOUND';
