import type { Cluster } from '../cluster/cluster.ts';
import { millraceError } from '../failures.ts';
import type { ProducerFence, TransactionalId } from '../port.ts';
import { isUnused, openEpoch } from './transaction-requests.ts';

/** Requests to coordinators at the same time. */
const AT_ONCE = 32;

/** See `fence` of the port. Takes over `cluster` and closes it. */
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
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, fenceSome));
    return fences;
  } catch (error) {
    const names = ids.map(({ transactionalId }) => transactionalId);
    throw millraceError(error, `fence older producers (${names.slice(0, 3).join(', ')})`, 'SOURCE_SETUP');
  } finally {
    cluster.close();
  }
}

async function fenceProducer(cluster: Cluster, id: TransactionalId): Promise<ProducerFence | undefined> {
  // An id that is opened is kept by the brokers for a week.
  if (await isUnused(cluster, id.transactionalId)) return undefined;
  const { identity, before } = await openEpoch(cluster, id);
  return { producerId: identity.producerId, epoch: identity.producerEpoch, ending: before ?? 'unknown' };
}
