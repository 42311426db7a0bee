import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { MillraceError, messageOf } from '../../../src/errors.ts';
import type { Connection } from '../config/settings.ts';
import { describe, errorOf, isBlocked } from './error-body.ts';
import { type Answer, Connections, type NodeRequest } from './node-request.ts';

const compress = promisify(gzip);
/** The bound of a wait between two tries. */
const LONGEST_WAIT_MS = 10_000;

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
  readonly #retried: () => void;
  /** Which node is asked next: all in turn. */
  #turn = 0;

  /** signal: no try begins after it. retried: called for each further try. */
  constructor(settings: Connection, signal: AbortSignal, retried: () => void = () => undefined) {
    this.#settings = settings;
    this.#connections = new Connections(settings);
    this.#signal = signal;
    this.#retried = retried;
  }

  /**
   * The answer of a cluster that is not too busy to give one (status below 500, and not 429), nor blocked. What passes by
   * itself is tried again up to max.retries, then rejects with SINK_UNAVAILABLE. SINK_SETUP for a refused login or certificate.
   */
  async call(call: Call): Promise<Answer> {
    const request = await this.#requestOf(call);
    for (let tries = 0; ; tries++) {
      const outcome = await this.#once(request);
      if (!(outcome instanceof MillraceError)) return outcome;
      if (outcome.kind !== 'retriable' || tries >= this.#settings.maxRetries) throw outcome;
      // Another node may be well: it is asked soon.
      await this.pause(tries + 1 < this.#settings.urls.length ? 0 : tries, outcome);
    }
  }

  /**
   * Waits before try number `tries`+1, unless the task is stopping; then, and where no further try is allowed, throws
   * `reason`.
   */
  async pause(tries: number, reason: MillraceError): Promise<void> {
    if (tries > this.#settings.maxRetries) throw reason;
    const longest = Math.min(this.#settings.backoffMs * 2 ** tries, LONGEST_WAIT_MS);
    this.#retried();
    try {
      await setTimeout(longest / 2 + (Math.random() * longest) / 2, undefined, { signal: this.#signal });
    } catch {
      throw reason;
    }
  }

  /** Cuts what is under way. Idempotent. */
  close(): void {
    this.#connections.close();
  }

  async #requestOf({ method, path, body, type = 'application/json' }: Call): Promise<Omit<NodeRequest, 'url'>> {
    const { compressed, authorization } = this.#settings;
    const sent = body !== undefined && compressed ? await compress(body, { level: 1 }) : body;
    return {
      method,
      path,
      body: sent,
      headers: {
        accept: 'application/json',
        ...(authorization === undefined ? {} : { authorization }),
        ...(sent === undefined ? {} : { 'content-type': type, 'content-length': sent.length }),
        ...(sent === undefined || !compressed ? {} : { 'content-encoding': 'gzip' }),
      },
    };
  }

  async #once(request: Omit<NodeRequest, 'url'>): Promise<Answer | MillraceError> {
    const { urls } = this.#settings;
    const url = urls[this.#turn++ % urls.length] as URL;
    try {
      const answer = await this.#connections.send({ ...request, url });
      if (answer.status === 401)
        return new MillraceError(
          'SINK_SETUP',
          `${url.host} refuses the login (HTTP 401): check connection.username and connection.password.`,
        );
      const refused = answer.status === 403 && isBlocked(errorOf(answer));
      if (answer.status !== 429 && answer.status < 500 && !refused) return answer;
      return new MillraceError('SINK_UNAVAILABLE', `${describe(`${url.host} is busy, blocked or not ready`, answer)}.`);
    } catch (error) {
      return notReached(url, error);
    }
  }
}

/** What only another certificate or another URL will mend. */
const tlsFailure = /CERT|SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY|ERR_SSL|ERR_TLS|EPROTO/;

function notReached(url: URL, cause: unknown): MillraceError {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (tlsFailure.test(code))
    return new MillraceError(
      'SINK_SETUP',
      `No TLS connection to ${url.host} (${code}): check connection.url and the keys elastic.https.ssl.*.`,
      { cause },
    );
  // What fails for several addresses of a name has a code and no message.
  const why = code === '' ? messageOf(cause) : code;
  return new MillraceError('SINK_UNAVAILABLE', `${url.host} cannot be reached (${why}).`, { cause });
}
