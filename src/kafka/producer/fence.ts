import type { Cluster } from '../cluster/cluster.ts';
import { toMillraceError } from '../failures.ts';
import type { ProducerFence, TransactionalId } from '../port.ts';
import { isUnused, openEpoch } from './transaction-requests.ts';

/** Concurrent requests to coordinators. */
const CONCURRENCY = 32;

/** See `fence` of the port. Owns `cluster` and closes it. */
export async function fenceProducers(
  cluster: Cluster,
  ids: readonly TransactionalId[],
): Promise<readonly (ProducerFence | undefined)[]> {
  const fences = new Array<ProducerFence | undefined>(ids.length);
  const entries = ids.entries();
  const fenceSome = async (): Promise<void> => {
    for (const [i, id] of entries) fences[i] = await fenceProducer(cluster, id);
  };
  try {
    await Promise.all(Array.from({ length: Math.min(CONCURRENCY, ids.length) }, fenceSome));
    return fences;
  } catch (error) {
    const names = ids.map(({ transactionalId }) => transactionalId);
    throw toMillraceError(error, `fence older producers (${names.slice(0, 3).join(', ')})`, 'SOURCE_SETUP');
  } finally {
    cluster.close();
  }
}

async function fenceProducer(cluster: Cluster, id: TransactionalId): Promise<ProducerFence | undefined> {
  // Brokers store an id that was initialized for a week, so unused ids are left alone.
  if (await isUnused(cluster, id.transactionalId)) return undefined;
  const { identity, previousOutcome } = await openEpoch(cluster, id);
  return { producerId: identity.producerId, epoch: identity.producerEpoch, outcome: previousOutcome ?? 'unknown' };
}
