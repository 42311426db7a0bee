import { createHash } from 'node:crypto';
import type { SinkWriter } from '../../../src/api/index.ts';
import { applicationName } from '../../../src/databases/postgresql/application-name.ts';

/**
 * Name of a connector's session in pg_stat_activity. It contains a digest of the cluster's id, as another cluster may have
 * a connector of the same name. purpose: the task's number, or a word.
 */
export function sessionName({ cluster, connector }: SinkWriter, purpose: number | string): string {
  const digest = createHash('sha256').update(cluster).digest('hex').slice(0, 6);
  return applicationName(connector, `/${digest}/${purpose}`);
}
