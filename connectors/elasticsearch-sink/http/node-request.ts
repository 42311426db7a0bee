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
  /** Path after that of the URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Buffer | undefined;
}

/** Persistent connections to the nodes. */
export class Connections {
  readonly #settings: Connection;
  readonly #agent: http.Agent;
  readonly #open = new Set<http.ClientRequest>();
  #closed = false;

  constructor(settings: Connection) {
    this.#settings = settings;
    const options = {
      keepAlive: true,
      maxSockets: settings.maxInFlight,
      ...(settings.idleMs === undefined ? {} : { timeout: settings.idleMs }),
    };
    this.#agent =
      settings.urls[0]?.protocol === 'https:'
        ? new https.Agent({ ...options, ...settings.tls })
        : new http.Agent(options);
  }

  /** Sends one request to one node. Rejects with the error of the connection. */
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
      const startTimer = (ms: number, problem: string, setting: string) => {
        clearTimeout(timer);
        timer =
          ms > 0
            ? setTimeout(() => request.destroy(new Error(`${problem} within ${ms} ms, ${setting}`)), ms)
            : undefined;
      };
      const waitForAnswer = () => startTimer(readTimeoutMs, 'no answer', 'read.timeout.ms');
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
        startTimer(connectTimeoutMs, 'no connection', 'connection.timeout.ms');
        socket.once(secure ? 'secureConnect' : 'connect', waitForAnswer);
      });
      // May be called twice: a request that is destroyed during a response emits both errors.
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

  /** Aborts open requests. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const request of this.#open) request.destroy(new Error('the task is stopping'));
    this.#agent.destroy();
  }
}
