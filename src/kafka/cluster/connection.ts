import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ConnectionLost, errorName, SetupError } from '../failures.ts';
import type { KafkaConfig } from '../kafka-config.ts';
import { apis, apiVersions, type Exchange, saslAuthenticate } from '../protocol/kafkajs-internals.ts';

interface PendingRequest {
  readonly allocate: (size: number) => Buffer;
  readonly resolve: (payload: Buffer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
  /** `performance.now()` from which on the broker counts as unresponsive. */
  readonly unresponsiveAt: number;
}

export interface SendOptions {
  /** Added to the request timeout, for requests that the broker may delay. */
  readonly extraTimeoutMs?: number;
  /** Allocates the memory of the response. */
  readonly allocate?: (size: number) => Buffer;
}

/** Milliseconds without a response after which other brokers are preferred. */
const UNRESPONSIVE_MS = 1000;
const noBytes = Buffer.alloc(0);
const allocateNew = (size: number): Buffer => Buffer.allocUnsafeSlow(size);

/**
 * A connection to a broker: framing, correlation ids, TLS and authentication. Requests are sent at once and in order, and Kafka
 * responds in order. Any failure, including a response timeout, closes the connection, and all pending requests reject
 * with ConnectionLost.
 */
export class Connection {
  readonly address: string;
  readonly #socket: Socket;
  readonly #clientId: Buffer;
  readonly #requestTimeoutMs: number;
  readonly #pending = new Map<number, PendingRequest>();
  readonly #onClose: () => void;
  #correlation = 0;
  #closed: ConnectionLost | undefined;
  /** Response frame being received; 4 bytes of size precede it. */
  #frame: Buffer = noBytes;
  #frameBytes = 0;
  readonly #size = Buffer.alloc(4);
  #sizeBytes = 0;
  #loginExpiresAt = Number.POSITIVE_INFINITY;
  #supportedApis: readonly { readonly apiKey: number; readonly minVersion: number; readonly maxVersion: number }[] = [];

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

  /** Rejects with ConnectionLost or SetupError. onClose: called once, when the connection is closed. */
  static async open(host: string, port: number, config: KafkaConfig, onClose: () => void): Promise<Connection> {
    const address = `${host}:${port}`;
    const socket = await openSocket(host, port, config);
    const connection = new Connection(address, socket, config, onClose);
    try {
      await connection.#checkVersions();
      if (config.sasl) {
        const lifetimeMs = await connection.#login(host, port, config.sasl);
        if (lifetimeMs > 0) connection.#loginExpiresAt = performance.now() + lifetimeMs * 0.8;
      }
      return connection;
    } catch (error) {
      connection.close('it could not be opened');
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** True if its login expires soon (KIP-368) and no request is pending: close it and open another. */
  get isLoginExpiring(): boolean {
    return performance.now() > this.#loginExpiresAt && this.#pending.size === 0;
  }

  /** True if the oldest pending request has waited too long for its response. */
  get isUnresponsive(): boolean {
    const [oldest] = this.#pending.values();
    return oldest !== undefined && performance.now() > oldest.unresponsiveAt;
  }

  /** True if the broker supports this version of an API. */
  supports([key, version]: readonly [key: number, version: number]): boolean {
    return this.#supportedApis.some(
      ({ apiKey, minVersion, maxVersion }) => apiKey === key && version >= minVersion && version <= maxVersion,
    );
  }

  /** Sends a request of kafkajs; resolves with the decoded response, error codes included. */
  async call<R>(exchange: Exchange<R>): Promise<R> {
    const { apiKey, apiVersion, encode } = exchange.request;
    const { buffer } = await encode();
    return exchange.response.decode(await this.send(apiKey, apiVersion, [buffer]));
  }

  /** Sends a request. body: consecutive pieces, unchanged until the response. Resolves with the response's body. */
  send(apiKey: number, apiVersion: number, body: readonly Uint8Array[], options: SendOptions = {}): Promise<Buffer> {
    const { extraTimeoutMs = 0, allocate = allocateNew } = options;
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
        () => this.close(`${this.address} did not respond within ${Math.round(timeoutMs / 1000)} s`),
        timeoutMs,
      );
      const unresponsiveAt = performance.now() + UNRESPONSIVE_MS + extraTimeoutMs;
      this.#pending.set(id, { allocate, resolve, reject, timer, unresponsiveAt });
      this.#socket.cork();
      this.#socket.write(head);
      for (const piece of body) this.#socket.write(piece);
      this.#socket.uncork();
    });
  }

  /** Idempotent. reason: a clause without a full stop. */
  close(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = new ConnectionLost(reason, true);
    this.#socket.destroy();
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new ConnectionLost(reason, true));
    }
    this.#pending.clear();
    this.#frame = noBytes;
    this.#onClose();
  }

  /** Assembles frames. Each chunk is copied once, into a buffer of the frame's size. */
  #receive(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#closed === undefined) {
      if (this.#sizeBytes < 4) {
        this.#size[this.#sizeBytes++] = chunk[at++] as number;
        if (this.#sizeBytes < 4) continue;
        const size = this.#size.readInt32BE(0);
        if (size < 4) {
          this.close(`${this.address} does not use Kafka's protocol`);
          return;
        }
        // Kafka responds in order: the frame belongs to the oldest request.
        const [waiting] = this.#pending.values();
        this.#frame = (waiting?.allocate ?? allocateNew)(size);
        this.#frameBytes = 0;
      }
      const length = Math.min(chunk.length - at, this.#frame.length - this.#frameBytes);
      chunk.copy(this.#frame, this.#frameBytes, at, at + length);
      at += length;
      this.#frameBytes += length;
      if (this.#frameBytes === this.#frame.length) {
        const frame = this.#frame;
        this.#frame = noBytes;
        this.#sizeBytes = 0;
        this.#dispatch(frame);
      }
    }
  }

  #dispatch(frame: Buffer): void {
    const id = frame.readInt32BE(0);
    const waiting = this.#pending.get(id);
    if (waiting === undefined) {
      this.close(`${this.address} sent a response without a request`);
      return;
    }
    this.#pending.delete(id);
    clearTimeout(waiting.timer);
    waiting.resolve(frame.subarray(4));
  }

  async #checkVersions(): Promise<void> {
    const { errorCode, apiVersions: offered } = await this.call(apiVersions({}));
    if (errorCode !== 0)
      throw new SetupError(`${this.address} returned ${errorName(errorCode)}; Kafka 2.4 or later is required`);
    this.#supportedApis = offered;
    for (const [name, api] of Object.entries(apis))
      if (!this.supports(api))
        throw new SetupError(
          `${this.address} does not support version ${api[1]} of ${name}; Kafka 2.4 or later is required`,
        );
  }

  async #login(host: string, port: number, sasl: NonNullable<KafkaConfig['sasl']>): Promise<number> {
    let connectionError: ConnectionLost | undefined;
    try {
      return await saslAuthenticate(host, port, sasl, async exchange => {
        try {
          return await this.call(exchange);
        } catch (error) {
          if (error instanceof ConnectionLost) connectionError = error;
          throw error;
        }
      });
    } catch (error) {
      if (connectionError !== undefined) throw connectionError;
      throw new SetupError(`${this.address} rejects the login of ${sasl.username}: ${(error as Error).message}`, {
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
    const connectEvent = ssl ? 'secureConnect' : 'connect';
    const settle = (): void => {
      clearTimeout(timer);
      socket.off('error', onError).off('close', onClose).off(connectEvent, onConnected);
    };
    const fail = (message: string, cause?: NodeJS.ErrnoException): void => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      const text = `${host}:${port} cannot be reached: ${message}`;
      if (cause?.code !== undefined && isCertificateProblem(cause.code)) reject(new SetupError(text, { cause }));
      else reject(new ConnectionLost(text, false, { cause }));
    };
    const onError = (error: NodeJS.ErrnoException): void => fail(error.message || error.code || 'it failed', error);
    const onClose = (): void => fail('it closed the connection');
    const onConnected = (): void => {
      settle();
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 60_000);
      resolve(socket);
    };
    const timer = setTimeout(() => fail(`no connection within ${connectionTimeoutMs} ms`), connectionTimeoutMs);
    socket.on('error', onError).on('close', onClose).on(connectEvent, onConnected);
  });
}

/** True for error codes of node:tls and OpenSSL that mean: the certificate is not trusted, or not valid for this host. */
const isCertificateProblem = (code: string): boolean =>
  /^(ERR_TLS_CERT|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|ERR_SSL_(SSLV3|TLSV1|TLSV13)_ALERT)/.test(code);
