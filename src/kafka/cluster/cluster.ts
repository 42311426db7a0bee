import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../api/component.ts';
import { BrokerError, ConnectionLost, codes, failIf, SetupFailure } from '../failures.ts';
import type { KafkaConfig } from '../kafka-config.ts';
import { findCoordinator, type MetadataResponse, metadata } from '../protocol/kafkajs-internals.ts';
import { Connection } from './connection.ts';

/** Milliseconds that one broker has before another is tried beside it. */
const NEXT_AFTER_MS = 500;

export type CoordinatorKind = 'group' | 'transaction';

export interface TopicMetadata {
  readonly error: number;
  readonly internal: boolean;
  /** Leader of each partition; -1 where there is none. */
  readonly leaders: readonly number[];
}

/**
 * What one producer, one reader or the admin client knows of a cluster, and its connections: one to each broker that it
 * needs, opened when first asked for. Not shared, because Kafka serves a connection's requests one after another and a
 * waiting fetch would hold up a commit.
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

  /** `performance.now()` by which something that is tried again and again must have succeeded. */
  deadline(): number {
    return performance.now() + this.requestTimeoutMs;
  }

  /** A connection to any broker: an open one that answers, else the first that can be reached. */
  async any(): Promise<Connection> {
    const open = [...this.#open.values()].filter(connection => !connection.expiring);
    const answering = open.find(connection => !connection.silent);
    if (answering !== undefined) return answering;
    const others = new Set([...this.#brokers.values(), ...this.#config.brokers]);
    for (const { address } of open) others.delete(address);
    try {
      return await this.#firstOf([...others]);
    } catch (error) {
      const [silent] = open;
      if (silent === undefined || error instanceof SetupFailure || this.signal.aborted) throw error;
      return silent;
    }
  }

  /** The first that can be reached. The next one is tried when one has failed, and soon beside one that does not answer. */
  async #firstOf(addresses: readonly string[]): Promise<Connection> {
    const reached = Promise.withResolvers<Connection>();
    let last: unknown;
    const attempts: Promise<void>[] = [];
    for (const address of addresses) {
      const attempt = this.#connect(address).then(reached.resolve, (error: unknown) => {
        if (error instanceof SetupFailure || this.signal.aborted) reached.reject(error);
        last = error;
      });
      attempts.push(attempt);
      const soon = delay(NEXT_AFTER_MS, undefined, { ref: false });
      const connection = await Promise.race([reached.promise, attempt.then(() => undefined), soon]);
      if (connection !== undefined) return connection;
    }
    const connection = await Promise.race([reached.promise, Promise.all(attempts).then(() => undefined)]);
    if (connection !== undefined) return connection;
    throw last ?? new ConnectionLost('no broker is configured', false);
  }

  async broker(node: number): Promise<Connection> {
    const address = this.#brokers.get(node);
    if (address === undefined) throw new BrokerError(codes.LEADER_NOT_AVAILABLE, `broker ${node}`);
    return this.#connect(address);
  }

  /** Those that the last `refresh` knew. */
  get nodes(): readonly number[] {
    return [...this.#brokers.keys()];
  }

  /** Takes changes of topics. As the last `refresh` knew it. */
  controller(): Promise<Connection> {
    return this.broker(this.#controller);
  }

  /** Where a group's or a transactional id's state is kept. BrokerError while it is moving. */
  async coordinator(kind: CoordinatorKind, key: string): Promise<Connection> {
    const id = `${kind} ${key}`;
    const known = this.#coordinators.get(id);
    if (known !== undefined) return this.#connect(known);
    const connection = await this.any();
    const found = await connection.call(
      findCoordinator({ groupId: key, coordinatorType: kind === 'transaction' ? 1 : 0 }),
    );
    failIf(found.errorCode, `the coordinator of ${id}`);
    const address = `${found.coordinator.host}:${found.coordinator.port}`;
    this.#coordinators.set(id, address);
    return this.#connect(address);
  }

  forgetCoordinator(kind: CoordinatorKind, key: string): void {
    this.#coordinators.delete(`${kind} ${key}`);
  }

  /** Asks for the leaders of these topics ([]: of all); topics are never created by asking. */
  async refresh(topics: readonly string[]): Promise<MetadataResponse> {
    const connection = await this.any();
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

  /** What the last `refresh` told. */
  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name);
  }

  /** undefined where the last `refresh` knew none. */
  leader(topic: string, partition: number): number | undefined {
    const leader = this.#topics.get(topic)?.leaders[partition];
    return leader === undefined || leader < 0 ? undefined : leader;
  }

  /** Closes the connections: requests that wait for an answer reject, later ones connect again. */
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
    if (open?.expiring) open.close('its login ran out');
    const known = this.#connections.get(address);
    if (known !== undefined) return known;
    const opening = this.#openTo(address);
    this.#connections.set(address, opening);
    return opening;
  }

  async #openTo(address: string): Promise<Connection> {
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    const forget = (): void => {
      this.#connections.delete(address);
      this.#open.delete(address);
    };
    try {
      const connection = await Connection.open(host, Number(address.slice(colon + 1)), this.#config, forget);
      if (connection.closed) throw new ConnectionLost(`${address} closed the connection`, false);
      this.#open.set(address, connection);
      if (this.signal.aborted) {
        connection.close('the client was closed');
        throw new ConnectionLost('the client was closed', false);
      }
      this.#log.debug({ broker: address }, 'connected to Kafka');
      return connection;
    } catch (error) {
      forget();
      throw error;
    }
  }
}
