import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ConnectionLost, nameOf, SetupFailure } from '../failures.ts';
import type { KafkaConfig } from '../kafka-config.ts';
import { apis, apiVersions, type Exchange, saslAuthenticate } from '../protocol/kafkajs-internals.ts';

interface Waiting {
  readonly allocate: (size: number) => Buffer;
  readonly resolve: (payload: Buffer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
  /** `performance.now()` from which on the broker seems to be frozen or cut off. */
  readonly expectedAt: number;
}

export interface SendOptions {
  /** On top of the request timeout, for a request that the broker may hold. */
  readonly extraTimeoutMs?: number;
  /** Gives the response's memory. */
  readonly allocate?: (size: number) => Buffer;
}

/** Milliseconds after which a broker that does not answer a request is not asked anything that others may be asked. */
const SILENT_MS = 1000;
const nothing = Buffer.alloc(0);
const fresh = (size: number): Buffer => Buffer.allocUnsafeSlow(size);

/**
 * One connection to one broker: frames, correlation ids, TLS and login. Requests are sent at once and in order, and
 * Kafka answers them in order. A connection that fails in any way, a late answer included, is closed for good and every
 * waiting request rejects with ConnectionLost.
 */
export class Connection {
  readonly address: string;
  readonly #socket: Socket;
  readonly #clientId: Buffer;
  readonly #requestTimeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onClose: () => void;
  #correlation = 0;
  #closed: ConnectionLost | undefined;
  /** The frame under way: 4 bytes of size, then the frame itself. */
  #frame: Buffer = nothing;
  #filled = 0;
  readonly #size = Buffer.alloc(4);
  #sized = 0;
  #loginEnds = Number.POSITIVE_INFINITY;
  #offered: readonly { readonly apiKey: number; readonly minVersion: number; readonly maxVersion: number }[] = [];

  private constructor(address: string, socket: Socket, config: KafkaConfig, onClose: () => void) {
    this.address = address;
    this.#socket = socket;
    this.#clientId = Buffer.from(config.clientId);
    this.#requestTimeoutMs = config.requestTimeoutMs ?? 30_000;
    this.#onClose = onClose;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', error => this.close(`the connection to ${address} failed: ${error.message}`));
    socket.on('close', () => this.close(`${address} closed the connection`));
  }

  /** Rejects with ConnectionLost or SetupFailure. onClose is called once, when the connection is no longer of use. */
  static async open(host: string, port: number, config: KafkaConfig, onClose: () => void): Promise<Connection> {
    const address = `${host}:${port}`;
    const socket = await openSocket(host, port, config);
    const connection = new Connection(address, socket, config, onClose);
    try {
      await connection.#checkVersions();
      if (config.sasl) {
        const lifetimeMs = await connection.#login(host, port, config.sasl);
        if (lifetimeMs > 0) connection.#loginEnds = performance.now() + lifetimeMs * 0.8;
      }
      return connection;
    } catch (error) {
      connection.close('it could not be opened');
      throw error;
    }
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Whether its login runs out soon (KIP-368): close it when nothing waits, and open another. */
  get expiring(): boolean {
    return performance.now() > this.#loginEnds && this.#waiting.size === 0;
  }

  /** A request has waited for its answer for long. */
  get silent(): boolean {
    const [oldest] = this.#waiting.values();
    return oldest !== undefined && performance.now() > oldest.expectedAt;
  }

  /** Whether the broker takes this version of an API. */
  knows([key, version]: readonly [key: number, version: number]): boolean {
    return this.#offered.some(
      ({ apiKey, minVersion, maxVersion }) => apiKey === key && version >= minVersion && version <= maxVersion,
    );
  }

  /** Sends one of kafkajs's requests; resolves with its decoded response, error codes included. */
  async call<R>(exchange: Exchange<R>): Promise<R> {
    const { apiKey, apiVersion, encode } = exchange.request;
    const { buffer } = await encode();
    return exchange.response.decode(await this.send(apiKey, apiVersion, [buffer]));
  }

  /** Sends a request whose body is these pieces, unchanged until it is answered; resolves with the response's body. */
  send(apiKey: number, apiVersion: number, body: readonly Uint8Array[], options: SendOptions = {}): Promise<Buffer> {
    const { extraTimeoutMs = 0, allocate = fresh } = options;
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) {
        reject(new ConnectionLost(this.#closed.message, false));
        return;
      }
      const id = this.#correlation;
      this.#correlation = (id + 1) & 0x7fffffff;
      const head = Buffer.allocUnsafe(14 + this.#clientId.length);
      let size = head.length - 4;
      for (const piece of body) size += piece.length;
      head.writeInt32BE(size, 0);
      head.writeInt16BE(apiKey, 4);
      head.writeInt16BE(apiVersion, 6);
      head.writeInt32BE(id, 8);
      head.writeInt16BE(this.#clientId.length, 12);
      this.#clientId.copy(head, 14);
      const timeoutMs = this.#requestTimeoutMs + extraTimeoutMs;
      const timer = setTimeout(
        () => this.close(`${this.address} did not answer within ${Math.round(timeoutMs / 1000)} s`),
        timeoutMs,
      );
      const expectedAt = performance.now() + SILENT_MS + extraTimeoutMs;
      this.#waiting.set(id, { allocate, resolve, reject, timer, expectedAt });
      this.#socket.cork();
      this.#socket.write(head);
      for (const piece of body) this.#socket.write(piece);
      this.#socket.uncork();
    });
  }

  /** Idempotent. reason: half a sentence. */
  close(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = new ConnectionLost(reason, true);
    this.#socket.destroy();
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new ConnectionLost(reason, true));
    }
    this.#waiting.clear();
    this.#frame = nothing;
    this.#onClose();
  }

  /** Gathers frames: each chunk is copied once, into a buffer of the frame's own size. */
  #receive(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#closed === undefined) {
      if (this.#sized < 4) {
        this.#size[this.#sized++] = chunk[at++] as number;
        if (this.#sized < 4) continue;
        const size = this.#size.readInt32BE(0);
        if (size < 4) {
          this.close(`${this.address} does not speak Kafka's protocol`);
          return;
        }
        // Kafka answers in order: this is for whoever has waited longest.
        const [waiting] = this.#waiting.values();
        this.#frame = (waiting?.allocate ?? fresh)(size);
        this.#filled = 0;
      }
      const taken = Math.min(chunk.length - at, this.#frame.length - this.#filled);
      chunk.copy(this.#frame, this.#filled, at, at + taken);
      at += taken;
      this.#filled += taken;
      if (this.#filled === this.#frame.length) {
        const frame = this.#frame;
        this.#frame = nothing;
        this.#sized = 0;
        this.#answer(frame);
      }
    }
  }

  #answer(frame: Buffer): void {
    const id = frame.readInt32BE(0);
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) {
      this.close(`${this.address} answered what was not asked`);
      return;
    }
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.resolve(frame.subarray(4));
  }

  async #checkVersions(): Promise<void> {
    const { errorCode, apiVersions: offered } = await this.call(apiVersions({}));
    if (errorCode !== 0)
      throw new SetupFailure(`${this.address} answers ${nameOf(errorCode)}; Kafka 2.4 or later is needed`);
    this.#offered = offered;
    for (const [name, api] of Object.entries(apis))
      if (!this.knows(api))
        throw new SetupFailure(
          `${this.address} does not know version ${api[1]} of ${name}; Kafka 2.4 or later is needed`,
        );
  }

  async #login(host: string, port: number, sasl: NonNullable<KafkaConfig['sasl']>): Promise<number> {
    let lost: ConnectionLost | undefined;
    try {
      return await saslAuthenticate(host, port, sasl, async exchange => {
        try {
          return await this.call(exchange);
        } catch (error) {
          if (error instanceof ConnectionLost) lost = error;
          throw error;
        }
      });
    } catch (error) {
      if (lost !== undefined) throw lost;
      throw new SetupFailure(`${this.address} refuses the login of ${sasl.username}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

function openSocket(host: string, port: number, config: KafkaConfig): Promise<Socket> {
  const { ssl, connectionTimeoutMs = 10_000 } = config;
  return new Promise((resolve, reject) => {
    const socket = ssl
      ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl })
      : connectTcp({ host, port });
    const connected = ssl ? 'secureConnect' : 'connect';
    const settle = (): void => {
      clearTimeout(timer);
      socket.off('error', onError).off('close', onClose).off(connected, onConnected);
    };
    const fail = (message: string, cause?: NodeJS.ErrnoException): void => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      const what = `${host}:${port} cannot be reached: ${message}`;
      if (cause?.code !== undefined && isCertificateProblem(cause.code)) reject(new SetupFailure(what, { cause }));
      else reject(new ConnectionLost(what, false, { cause }));
    };
    const onError = (error: NodeJS.ErrnoException): void => fail(error.message || error.code || 'it failed', error);
    const onClose = (): void => fail('it closed the connection');
    const onConnected = (): void => {
      settle();
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 60_000);
      resolve(socket);
    };
    const timer = setTimeout(() => fail(`no answer within ${connectionTimeoutMs} ms`), connectionTimeoutMs);
    socket.on('error', onError).on('close', onClose).on(connected, onConnected);
  });
}

/** Codes of node:tls and OpenSSL for a certificate that is not trusted or not for this host. */
const isCertificateProblem = (code: string): boolean =>
  /^(ERR_TLS_CERT|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|ERR_SSL_(SSLV3|TLSV1|TLSV13)_ALERT)/.test(code);
