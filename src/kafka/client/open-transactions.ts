import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.ts';
import { BrokerError, ConnectionLost, codes, SetupError } from '../failures.ts';
import type { OpenTransaction } from '../port.ts';
import { describeTransactions, listTransactions } from '../protocol/describe-transactions.ts';
import { optionalApis } from '../protocol/kafkajs-internals.ts';

/** Limit of all requests; the result is for messages only. */
const DESCRIBE_MS = 3000;

/** Adds Kafka's description of transactions (KIP-664), as far as it is supported, permitted and available soon. */
export async function describeOpenTransactions(
  cluster: Cluster,
  open: readonly OpenTransaction[],
): Promise<readonly OpenTransaction[]> {
  if (open.length === 0) return [];
  const timeout = delay(DESCRIBE_MS, open, { ref: false });
  return Promise.race([describeAll(cluster, open), timeout]);
}

async function describeAll(cluster: Cluster, open: readonly OpenTransaction[]): Promise<readonly OpenTransaction[]> {
  const producers = [...new Set(open.map(({ producerId }) => producerId))];
  const ids = new Map(
    (await Promise.all(cluster.nodes.map(node => listTransactionIds(cluster, node, producers)))).flat(),
  );
  const descriptions = new Map(
    await Promise.all(
      [...ids].map(
        async ([producerId, id]) => [producerId, { id, ...(await describeTransaction(cluster, id)) }] as const,
      ),
    ),
  );
  return open.map(transaction => ({ ...transaction, ...descriptions.get(transaction.producerId) }));
}

type ProducerEntry = readonly [producerId: number, transactionalId: string];

async function listTransactionIds(
  cluster: Cluster,
  node: number,
  producers: readonly number[],
): Promise<readonly ProducerEntry[]> {
  try {
    const broker = await cluster.broker(node);
    if (!broker.supports(optionalApis.ListTransactions)) return [];
    const { transactions } = await broker.call(listTransactions(producers));
    return transactions.map(({ producerId, transactionalId }) => [producerId, transactionalId]);
  } catch (error) {
    return fallbackIfUnavailable(error, []);
  }
}

async function describeTransaction(cluster: Cluster, transactionalId: string): Promise<Partial<OpenTransaction>> {
  try {
    const coordinator = await cluster.coordinator('transaction', transactionalId);
    const [description] = (await coordinator.call(describeTransactions(transactionalId))).states;
    if (description === undefined || description.errorCode !== codes.NONE) return {};
    const { state, timeoutMs, startedAt } = description;
    return { state, timeoutMs, ...(startedAt < 0 ? {} : { startedAt }) };
  } catch (error) {
    return fallbackIfUnavailable(error, {});
  }
}

function fallbackIfUnavailable<T>(error: unknown, fallback: T): T {
  if (error instanceof ConnectionLost || error instanceof BrokerError || error instanceof SetupError) return fallback;
  throw error;
}

/** Phrase for the end of a sentence. */
export function formatOpenTransaction({ topic, partition, producerId, id, state, startedAt }: OpenTransaction): string {
  const owner = id === undefined ? `the producer ${producerId}` : `the transactional id ${id} (producer ${producerId})`;
  const age = startedAt === undefined ? '' : `, for ${Math.round((Date.now() - startedAt) / 1000)} s`;
  return `${topic}-${partition} by ${owner}${state === undefined ? '' : `, ${state}`}${age}`;
}
