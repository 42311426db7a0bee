import type { Connection } from '@temporalio/client';
import { searchAttributes } from '../../workflows/shared/messages.ts';
import type { Log } from '../api/index.ts';
import { messageOf } from '../errors.ts';

const KEYWORD = 2; // temporal.api.enums.v1.IndexedValueType

/**
 * Adds the search attributes of the workflows to the namespace. A workflow that sets an unknown attribute would fail its
 * first workflow task for ever. If they cannot be added, for lack of permission, the log shows the command.
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string, log: Log): Promise<void> {
  const names = Object.values(searchAttributes);
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = names.filter(name => !(name in (customAttributes ?? {})));
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(name => [name, KEYWORD])),
    });
  } catch (error) {
    const command = `temporal operator search-attribute create --namespace ${namespace} ${missing.map(name => `--name ${name} --type Keyword`).join(' ')}`;
    log.error(
      { missing, reason: messageOf(error), command },
      'search attributes are missing in Temporal and could not be added; run the command',
    );
  }
}
