import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { MillraceError, messageOf } from '../../../src/errors.ts';
import type { Connection } from '../config/settings.ts';
import { answerError, describeAnswer, isBlocked } from './error-body.ts';
import { type Answer, Connections, type NodeRequest } from './node-request.ts';

const compress = promisify(gzip);
/** Maximum wait between retries. */
const MAX_WAIT_MS = 10_000;

export interface Call {
  readonly method: NodeRequest['method'];
  readonly path: string;
  readonly body?: Buffer;
  readonly type?: 'application/json' | 'application/x-ndjson';
}

/** Elasticsearch's or OpenSearch's REST API over any of its nodes. */
export class Client {
  readonly #settings: Connection;
  readonly #connections: Connections;
  readonly #signal: AbortSignal;
  readonly #onRetry: () => void;
  /** Number of requests; selects the nodes in turn. */
  #requestCount = 0;

  /** signal: stops retries. onRetry: called for each retry. */
  constructor(settings: Connection, signal: AbortSignal, onRetry: () => void = () => undefined) {
    this.#settings = settings;
    this.#connections = new Connections(settings);
    this.#signal = signal;
    this.#onRetry = onRetry;
  }

  /**
   * Returns the response of a cluster that is neither busy (status 429, or 500 and above) nor blocked. Retriable failures are
   * retried up to max.retries and then rejected with SINK_UNAVAILABLE. Rejects with SINK_SETUP for a failed login or an
   * invalid certificate.
   */
  async call(call: Call): Promise<Answer> {
    const request = await this.#requestOf(call);
    for (let retries = 0; ; retries++) {
      const outcome = await this.#sendOnce(request);
      if (!(outcome instanceof MillraceError)) return outcome;
      if (outcome.kind !== 'retriable' || retries >= this.#settings.maxRetries) throw outcome;
      // Another node may be available: retry soon.
      await this.pause(retries + 1 < this.#settings.urls.length ? 0 : retries, outcome);
    }
  }

  /**
   * Waits before a retry. Throws `reason` if the task is stopping or no retry is left.
   */
  async pause(retries: number, reason: MillraceError): Promise<void> {
    if (retries > this.#settings.maxRetries) throw reason;
    const maxWait = Math.min(this.#settings.backoffMs * 2 ** retries, MAX_WAIT_MS);
    this.#onRetry();
    try {
      await setTimeout(maxWait / 2 + (Math.random() * maxWait) / 2, undefined, { signal: this.#signal });
    } catch {
      throw reason;
    }
  }

  /** Aborts open requests. Idempotent. */
  close(): void {
    this.#connections.close();
  }

  async #requestOf({ method, path, body, type = 'application/json' }: Call): Promise<Omit<NodeRequest, 'url'>> {
    const { isCompressed, authorization } = this.#settings;
    const sent = body !== undefined && isCompressed ? await compress(body, { level: 1 }) : body;
    return {
      method,
      path,
      body: sent,
      headers: {
        accept: 'application/json',
        ...(authorization === undefined ? {} : { authorization }),
        ...(sent === undefined ? {} : { 'content-type': type, 'content-length': sent.length }),
        ...(sent === undefined || !isCompressed ? {} : { 'content-encoding': 'gzip' }),
      },
    };
  }

  async #sendOnce(request: Omit<NodeRequest, 'url'>): Promise<Answer | MillraceError> {
    const { urls } = this.#settings;
    const url = urls[this.#requestCount++ % urls.length] as URL;
    try {
      const answer = await this.#connections.send({ ...request, url });
      if (answer.status === 401)
        return new MillraceError(
          'SINK_SETUP',
          `${url.host} rejected the login (HTTP 401): check connection.username and connection.password.`,
        );
      const isBlockedAnswer = answer.status === 403 && isBlocked(answerError(answer));
      if (answer.status !== 429 && answer.status < 500 && !isBlockedAnswer) return answer;
      return new MillraceError(
        'SINK_UNAVAILABLE',
        `${describeAnswer(`${url.host} is busy, blocked or not ready`, answer)}.`,
      );
    } catch (error) {
      return connectionError(url, error);
    }
  }
}

/** Codes of TLS failures, which a retry does not mend. */
const tlsFailure = /CERT|SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY|ERR_SSL|ERR_TLS|EPROTO/;

function connectionError(url: URL, cause: unknown): MillraceError {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (tlsFailure.test(code))
    return new MillraceError(
      'SINK_SETUP',
      `No TLS connection to ${url.host} (${code}): check connection.url and the keys elastic.https.ssl.*.`,
      { cause },
    );
  // The error for a host name with several addresses has a code and no message.
  const reason = code === '' ? messageOf(cause) : code;
  return new MillraceError('SINK_UNAVAILABLE', `${url.host} cannot be reached (${reason}).`, { cause });
}
