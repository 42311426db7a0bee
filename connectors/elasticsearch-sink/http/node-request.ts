import * as http from 'node:http';
import * as https from 'node:https';
import type { Connection } from '../config/settings.ts';

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

export interface NodeRequest {
  readonly url: URL;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST';
  /** Behind the URL's own path. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Buffer | undefined;
}

/** Connections to the nodes, kept open between requests. */
export class Connections {
  readonly #settings: Connection;
  readonly #agent: http.Agent;
  readonly #open = new Set<http.ClientRequest>();
  #closed = false;

  constructor(settings: Connection) {
    this.#settings = settings;
    const options = {
      keepAlive: true,
      maxSockets: settings.inFlight,
      ...(settings.idleMs === undefined ? {} : { timeout: settings.idleMs }),
    };
    this.#agent =
      settings.urls[0]?.protocol === 'https:'
        ? new https.Agent({ ...options, ...settings.tls })
        : new http.Agent(options);
  }

  /** One request to one node; rejects with what the network says. */
  send({ url, method, path, headers, body }: NodeRequest): Promise<Answer> {
    const { connectTimeoutMs, readTimeoutMs } = this.#settings;
    const secure = url.protocol === 'https:';
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new Error('the task is stopping'));
        return;
      }
      const request = (secure ? https : http).request({
        agent: this.#agent,
        protocol: url.protocol,
        hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: url.port,
        path: `${url.pathname.replace(/\/$/, '')}${path}`,
        method,
        headers,
      });
      this.#open.add(request);
      let timer: NodeJS.Timeout | undefined;
      const within = (ms: number, what: string, setting: string) => {
        clearTimeout(timer);
        timer =
          ms > 0 ? setTimeout(() => request.destroy(new Error(`${what} within ${ms} ms, ${setting}`)), ms) : undefined;
      };
      const waitForAnswer = () => within(readTimeoutMs, 'no answer', 'read.timeout.ms');
      const done = () => {
        clearTimeout(timer);
        this.#open.delete(request);
      };
      const fail = (error: Error) => {
        done();
        reject(error);
      };
      request.once('socket', socket => {
        if (!socket.connecting) {
          waitForAnswer();
          return;
        }
        within(connectTimeoutMs, 'no connection', 'connection.timeout.ms');
        socket.once(secure ? 'secureConnect' : 'connect', waitForAnswer);
      });
      // More than one may come: a request that is destroyed in the middle of an answer has both.
      request.on('error', fail);
      request.once('response', response => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.once('end', () => {
          done();
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) });
        });
      });
      request.end(body);
    });
  }

  /** Cuts what is under way. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const request of this.#open) request.destroy(new Error('the task is stopping'));
    this.#agent.destroy();
  }
}
