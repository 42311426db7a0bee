import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../api/component.ts';
import { BrokerError, ConnectionLost, codes, SetupError, throwIfError } from '../failures.ts';
import type { KafkaConfig } from '../kafka-config.ts';
import { findCoordinator, type MetadataResponse, metadata } from '../protocol/kafkajs-internals.ts';
import { Connection } from './connection.ts';

/** Milliseconds without a connection after which the next broker is tried in parallel. */
const NEXT_ATTEMPT_MS = 500;

export type CoordinatorKind = 'group' | 'transaction';

export interface TopicMetadata {
  readonly error: number;
  readonly internal: boolean;
  /** Leader of each partition; -1: none. */
  readonly leaders: readonly number[];
}

/**
 * Metadata of a cluster and connections to its brokers, one per broker, opened on first use. Each producer, each reader and the
 * admin client has an instance of its own: Kafka processes the requests of a connection in order, so a waiting fetch would delay a commit.
 */
export class Cluster {
  readonly #config: KafkaConfig;
  readonly #log: Log;
  readonly #connections = new Map<string, Promise<Connection>>();
  readonly #open = new Map<string, Connection>();
  readonly #coordinators = new Map<string, string>();
  readonly #topics = new Map<string, TopicMetadata>();
  readonly #closing = new AbortController();
  #brokers = new Map<number, string>();
  #controller = -1;

  constructor(config: KafkaConfig, log: Log) {
    this.#config = config;
    this.#log = log;
  }

  /** Aborted by `close`. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  get requestTimeoutMs(): number {
    return this.#config.requestTimeoutMs ?? 30_000;
  }

  /** Deadline of retries, as `performance.now()`: the request timeout from now. */
  deadline(): number {
    return performance.now() + this.requestTimeoutMs;
  }

  /** A connection to any broker: an open one that responds, or the first broker that can be connected. */
  async anyBroker(): Promise<Connection> {
    const open = [...this.#open.values()].filter(connection => !connection.isLoginExpiring);
    const responsive = open.find(connection => !connection.isUnresponsive);
    if (responsive !== undefined) return responsive;
    const others = new Set([...this.#brokers.values(), ...this.#config.brokers]);
    for (const { address } of open) others.delete(address);
    try {
      return await this.#connectToFirst([...others]);
    } catch (error) {
      const [unresponsive] = open;
      if (unresponsive === undefined || error instanceof SetupError || this.signal.aborted) throw error;
      return unresponsive;
    }
  }

  /** Returns the first connection. The next address is tried after a failure, and in parallel if a broker does not respond soon. */
  async #connectToFirst(addresses: readonly string[]): Promise<Connection> {
    const connected = Promise.withResolvers<Connection>();
    let lastError: unknown;
    const attempts: Promise<void>[] = [];
    for (const address of addresses) {
      const attempt = this.#connect(address).then(connected.resolve, (error: unknown) => {
        if (error instanceof SetupError || this.signal.aborted) connected.reject(error);
        lastError = error;
      });
      attempts.push(attempt);
      const nextAttempt = delay(NEXT_ATTEMPT_MS, undefined, { ref: false });
      const connection = await Promise.race([connected.promise, attempt.then(() => undefined), nextAttempt]);
      if (connection !== undefined) return connection;
    }
    const connection = await Promise.race([connected.promise, Promise.all(attempts).then(() => undefined)]);
    if (connection !== undefined) return connection;
    throw lastError ?? new ConnectionLost('no broker is configured', false);
  }

  async broker(node: number): Promise<Connection> {
    const address = this.#brokers.get(node);
    if (address === undefined) throw new BrokerError(codes.LEADER_NOT_AVAILABLE, `broker ${node}`);
    return this.#connect(address);
  }

  /** Node ids of the last `refreshMetadata`. */
  get nodes(): readonly number[] {
    return [...this.#brokers.keys()];
  }

  /** Connection to the controller of the last `refreshMetadata`, which creates and deletes topics. */
  controller(): Promise<Connection> {
    return this.broker(this.#controller);
  }

  /** Connection to the coordinator of a group or a transactional id. BrokerError while it moves. */
  async coordinator(kind: CoordinatorKind, key: string): Promise<Connection> {
    const id = `${kind} ${key}`;
    const cached = this.#coordinators.get(id);
    if (cached !== undefined) return this.#connect(cached);
    const connection = await this.anyBroker();
    const response = await connection.call(
      findCoordinator({ groupId: key, coordinatorType: kind === 'transaction' ? 1 : 0 }),
    );
    throwIfError(response.errorCode, `the coordinator of ${id}`);
    const address = `${response.coordinator.host}:${response.coordinator.port}`;
    this.#coordinators.set(id, address);
    return this.#connect(address);
  }

  invalidateCoordinator(kind: CoordinatorKind, key: string): void {
    this.#coordinators.delete(`${kind} ${key}`);
  }

  /** Requests the metadata of these topics, or of all if []. Never creates topics. */
  async refreshMetadata(topics: readonly string[]): Promise<MetadataResponse> {
    const connection = await this.anyBroker();
    const response = await connection.call(metadata({ topics, allowAutoTopicCreation: false }));
    this.#brokers = new Map(response.brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]));
    this.#controller = response.controllerId;
    for (const { topic, topicErrorCode, isInternal, partitionMetadata } of response.topicMetadata) {
      const leaders = new Array<number>(partitionMetadata.length).fill(-1);
      for (const { partitionId, leader } of partitionMetadata) leaders[partitionId] = leader;
      this.#topics.set(topic, { error: topicErrorCode, internal: isInternal, leaders });
    }
    return response;
  }

  /** Metadata of the last `refreshMetadata`. */
  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name);
  }

  /** Node id of the leader; undefined: the last `refreshMetadata` returned none. */
  leader(topic: string, partition: number): number | undefined {
    const leader = this.#topics.get(topic)?.leaders[partition];
    return leader === undefined || leader < 0 ? undefined : leader;
  }

  /** Closes the connections: pending requests reject, later ones connect again. */
  disconnect(): void {
    for (const connection of [...this.#open.values()]) connection.close('the client was disconnected');
  }

  close(): void {
    if (this.signal.aborted) return;
    this.#closing.abort();
    for (const connection of this.#open.values()) connection.close('the client was closed');
  }

  #connect(address: string): Promise<Connection> {
    if (this.signal.aborted) return Promise.reject(new ConnectionLost('the client was closed', false));
    const open = this.#open.get(address);
    if (open?.isLoginExpiring) open.close('its login expired');
    const existing = this.#connections.get(address);
    if (existing !== undefined) return existing;
    const opening = this.#openConnection(address);
    this.#connections.set(address, opening);
    return opening;
  }

  async #openConnection(address: string): Promise<Connection> {
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    const discard = (): void => {
      this.#connections.delete(address);
      this.#open.delete(address);
    };
    try {
      const connection = await Connection.open(host, Number(address.slice(colon + 1)), this.#config, discard);
      if (connection.isClosed) throw new ConnectionLost(`${address} closed the connection`, false);
      this.#open.set(address, connection);
      if (this.signal.aborted) {
        connection.close('the client was closed');
        throw new ConnectionLost('the client was closed', false);
      }
      this.#log.debug({ broker: address }, 'connected to Kafka');
      return connection;
    } catch (error) {
      discard();
      throw error;
    }
  }
}
