import type { TopicPartition } from '../../src/api/index.ts';
import { Cluster, type CoordinatorKind } from '../../src/kafka/cluster/cluster.ts';
import { LATEST, listPartitionOffsets } from '../../src/kafka/cluster/list-offsets.ts';
import { throwIfError } from '../../src/kafka/failures.ts';
import { findCoordinator } from '../../src/kafka/protocol/kafkajs-internals.ts';
import { silent } from '../../src/observability/silent.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import { newClusterId, startNativeKafka } from '../../src/stack/servers/kafka.ts';
import { locateKafka } from '../../src/stack/servers/kafka-program.ts';
import type { ManagedServer } from '../../src/stack/types.ts';
import { Brokers, type PartitionState, type TransactionState } from './brokers.ts';
import { electPreferred, reassign } from './cluster-requests.ts';
import { eventually } from './eventually.ts';

const REQUEST_TIMEOUT_MS = 2000;
/** Milliseconds for a broker to come back, or for others to take over its partitions, on a busy machine. */
const PATIENCE_MS = 180_000;

/**
 * Kafka brokers of one test, each also a controller: any one may be killed while the others continue. All topics have
 * three replicas and `min.insync.replicas` of two.
 */
export class KafkaCluster implements AsyncDisposable {
  /** host:port of each broker, separated by commas. */
  readonly address: string;
  readonly #servers: readonly ManagedServer[];
  readonly #brokers: Brokers;
  readonly #client: Cluster;

  private constructor(servers: readonly ManagedServer[]) {
    const addresses = servers.map(({ address }) => address);
    this.address = addresses.join(',');
    this.#servers = servers;
    this.#brokers = new Brokers(this.address, REQUEST_TIMEOUT_MS);
    this.#client = new Cluster(
      { brokers: addresses, clientId: 'kafka-cluster', requestTimeoutMs: REQUEST_TIMEOUT_MS },
      silent,
    );
  }

  static async start(brokers = 3): Promise<KafkaCluster> {
    const located = await locateKafka();
    if (typeof located === 'string') throw new Error(located);
    const program = await located();
    const clusterId = newClusterId();
    const controllerPorts = await Promise.all(Array.from({ length: brokers }, () => freePort()));
    const starting = controllerPorts.map((_, i) =>
      startNativeKafka(program, {}, { id: i + 1, clusterId, controllerPorts }),
    );
    return new KafkaCluster(await Promise.all(starting));
  }

  /** node: broker id, from 1. */
  broker(node: number): ManagedServer {
    const server = this.#servers[node - 1];
    if (server === undefined) throw new Error(`there is no broker ${node}`);
    return server;
  }

  /** Resolves when every broker is live and reports all replicas of all partitions in sync. */
  async awaitInSync(): Promise<void> {
    const count = this.#servers.length;
    await eventually(
      'all replicas are in sync',
      async () => {
        const views = await this.#brokers.views();
        if (views.length < count) throw new Error(`${views.length} of ${count} brokers run`);
        for (const { nodes, partitions } of views) {
          if (nodes.length < count) throw new Error(`a broker reports only ${nodes}`);
          const bad = partitions.find(
            ({ leader, replicas, inSyncReplicas: inSync }) => leader < 0 || inSync.length < replicas.length,
          );
          if (bad !== undefined) throw new Error(JSON.stringify(bad));
        }
        return true;
      },
      { within: PATIENCE_MS, every: 200 },
    );
  }

  /** Resolves when other brokers lead all partitions of a broker that is down or frozen. */
  async awaitOtherLeaders(node: number): Promise<void> {
    const addresses = this.#servers.map(({ address }) => address).filter((_, i) => i !== node - 1);
    const others = new Brokers(addresses.join(','), REQUEST_TIMEOUT_MS);
    await eventually(
      `others lead the partitions of broker ${node}`,
      async () => (await others.partitions()).every(({ leader }) => leader >= 0 && leader !== node),
      { within: PATIENCE_MS, every: 200 },
    );
    others.close();
  }

  /** Node id of the leader of a partition. */
  async leader({ topic, partition }: TopicPartition): Promise<number> {
    const description = (await this.#brokers.partitions([topic])).find(state => state.partition === partition);
    if (description === undefined || description.leader < 0)
      throw new Error(`partition ${partition} of ${topic} has no leader`);
    return description.leader;
  }

  /** Node id. */
  async coordinator(kind: CoordinatorKind, key: string): Promise<number> {
    const connection = await this.#client.anyBroker();
    const coordinatorType = kind === 'transaction' ? 1 : 0;
    const { errorCode, coordinator } = await connection.call(findCoordinator({ groupId: key, coordinatorType }));
    throwIfError(errorCode, `the coordinator of ${kind} ${key}`);
    return coordinator.nodeId;
  }

  /** undefined: the coordinator has no such id. */
  async transaction(transactionalId: string): Promise<TransactionState | undefined> {
    return (await this.#brokers.transactions()).find(found => found.transactionalId === transactionalId);
  }

  /** The partition of a topic with the highest end offset. */
  async longestPartition(topic: string): Promise<TopicPartition> {
    const partitions = await this.#brokers.partitions([topic]);
    const ends = await listPartitionOffsets(this.#client, partitions, LATEST, 'read_uncommitted');
    const longest = partitions[ends.indexOf(Math.max(...ends))];
    if (longest === undefined) throw new Error(`there is no topic ${topic}`);
    return longest;
  }

  /**
   * Makes another replica the leader of each partition that a broker leads, as before maintenance: reorders the
   * replicas and elects the first one. Returns the number of partitions.
   */
  async moveLeaders(node: number): Promise<number> {
    const led = (await this.#brokers.partitions()).filter(({ leader }) => leader === node);
    const connection = await this.#client.anyBroker();
    await connection.call(reassign(led.map(leaderLast)));
    await connection.call(electPreferred(led));
    return led.length;
  }

  async stop(): Promise<void> {
    this.#brokers.close();
    this.#client.close();
    await Promise.all(this.#servers.map(server => server.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Replicas with the leader last. */
function leaderLast({ topic, partition, replicas, leader }: PartitionState) {
  const after = replicas.indexOf(leader) + 1;
  return { topic, partition, replicas: [...replicas.slice(after), ...replicas.slice(0, after)] };
}
