import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.ts';
import { BrokerError, ConnectionLost, codes, SetupFailure } from '../failures.ts';
import type { OpenTransaction } from '../port.ts';
import { describeTransactions, listTransactions } from '../protocol/describe-transactions.ts';
import { laterApis } from '../protocol/kafkajs-internals.ts';

/** For messages: nothing is asked for longer. */
const PATIENCE_MS = 3000;

/** What Kafka tells of transactions (KIP-664), as far as it may be asked and answers soon. */
export async function describeOpenTransactions(
  cluster: Cluster,
  open: readonly OpenTransaction[],
): Promise<readonly OpenTransaction[]> {
  if (open.length === 0) return [];
  const late = delay(PATIENCE_MS, open, { ref: false });
  return Promise.race([describeAll(cluster, open), late]);
}

async function describeAll(cluster: Cluster, open: readonly OpenTransaction[]): Promise<readonly OpenTransaction[]> {
  const producers = [...new Set(open.map(({ producerId }) => producerId))];
  const ids = new Map((await Promise.all(cluster.nodes.map(node => listed(cluster, node, producers)))).flat());
  const told = new Map(
    await Promise.all(
      [...ids].map(async ([producerId, id]) => [producerId, { id, ...(await described(cluster, id)) }] as const),
    ),
  );
  return open.map(at => ({ ...at, ...told.get(at.producerId) }));
}

type Named = readonly [producerId: number, transactionalId: string];

async function listed(cluster: Cluster, node: number, producers: readonly number[]): Promise<readonly Named[]> {
  try {
    const broker = await cluster.broker(node);
    if (!broker.knows(laterApis.ListTransactions)) return [];
    const { transactions } = await broker.call(listTransactions(producers));
    return transactions.map(({ producerId, transactionalId }) => [producerId, transactionalId]);
  } catch (error) {
    return unanswered(error, []);
  }
}

async function described(cluster: Cluster, transactionalId: string): Promise<Partial<OpenTransaction>> {
  try {
    const coordinator = await cluster.coordinator('transaction', transactionalId);
    const [found] = (await coordinator.call(describeTransactions(transactionalId))).states;
    if (found === undefined || found.errorCode !== codes.NONE) return {};
    const { state, timeoutMs, startedAt } = found;
    return { state, timeoutMs, ...(startedAt < 0 ? {} : { startedAt }) };
  } catch (error) {
    return unanswered(error, {});
  }
}

function unanswered<T>(error: unknown, instead: T): T {
  if (error instanceof ConnectionLost || error instanceof BrokerError || error instanceof SetupFailure) return instead;
  throw error;
}

/** For a sentence that ends with it. */
export function nameOpenTransaction({ topic, partition, producerId, id, state, startedAt }: OpenTransaction): string {
  const owner = id === undefined ? `the producer ${producerId}` : `the transactional id ${id} (producer ${producerId})`;
  const age = startedAt === undefined ? '' : `, for ${Math.round((Date.now() - startedAt) / 1000)} s`;
  return `${topic}-${partition} by ${owner}${state === undefined ? '' : `, ${state}`}${age}`;
}
