import type { Log } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Client } from '../http/client.ts';
import { describe } from '../http/error-body.ts';

/** The first without types of documents. */
const OLDEST = 7;

/** Rejects where there is nobody, nobody who lets us in, or something else than Elasticsearch 7 or OpenSearch. */
export async function checkServer(client: Client, log: Log): Promise<void> {
  const answer = await client.call({ method: 'GET', path: '/' });
  if (answer.status === 403) {
    log.warn({}, 'no right to ask for the version of the cluster');
    return;
  }
  if (answer.status !== 200)
    throw new MillraceError(
      'SINK_SETUP',
      `${describe('What answers at connection.url is not Elasticsearch or OpenSearch', answer)}.`,
    );
  const { distribution = 'elasticsearch', number = '' } = versionIn(answer.body);
  const major = Number.parseInt(number, 10);
  if (distribution === 'elasticsearch' && !(major >= OLDEST))
    throw new MillraceError(
      'SINK_SETUP',
      `Elasticsearch ${OLDEST} or later, or OpenSearch, is needed; at connection.url is ${number || 'something else'}.`,
    );
  log.info({ distribution, version: number }, 'connected');
}

function versionIn(body: Buffer): { readonly distribution?: string; readonly number?: string } {
  try {
    return (JSON.parse(body.toString()) as { version?: { distribution?: string; number?: string } }).version ?? {};
  } catch {
    return {};
  }
}
