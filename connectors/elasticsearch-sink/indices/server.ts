import type { Log } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Client } from '../http/client.ts';
import { describeAnswer } from '../http/error-body.ts';

/** First version without mapping types. */
const MIN_VERSION = 7;

/** Rejects if the server is unreachable, rejects the login, or is not Elasticsearch 7 or later, or OpenSearch. */
export async function checkServer(client: Client, log: Log): Promise<void> {
  const answer = await client.call({ method: 'GET', path: '/' });
  if (answer.status === 403) {
    log.warn({}, 'no permission to read the version of the cluster');
    return;
  }
  if (answer.status !== 200)
    throw new MillraceError(
      'SINK_SETUP',
      `${describeAnswer('The server at connection.url is not Elasticsearch or OpenSearch', answer)}.`,
    );
  const { distribution = 'elasticsearch', number = '' } = parseVersion(answer.body);
  const major = Number.parseInt(number, 10);
  if (distribution === 'elasticsearch' && !(major >= MIN_VERSION))
    throw new MillraceError(
      'SINK_SETUP',
      `Elasticsearch ${MIN_VERSION} or later, or OpenSearch, is required; the server at connection.url is ${number === '' ? 'another product' : `version ${number}`}.`,
    );
  log.info({ distribution, version: number }, 'connected');
}

function parseVersion(body: Buffer): { readonly distribution?: string; readonly number?: string } {
  try {
    return (JSON.parse(body.toString()) as { version?: { distribution?: string; number?: string } }).version ?? {};
  } catch {
    return {};
  }
}
