import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectWorker } from '../../../contract/connect-rest/connect-worker.ts';
import { serversInEnvironment } from '../../../setup/addresses.ts';
import { uniqueName } from '../../../support/topic.ts';
import { play } from '../golden/play.ts';

// Records anew what Kafka Connect's own file connectors do: MILLRACE_PEER_CONNECT names the folder of its jars, with
// connect-file among its plugins, and MILLRACE_TEST_KAFKA the brokers that it may use.
const { MILLRACE_PEER_CONNECT: home } = process.env;
const { kafka } = serversInEnvironment();
if (home === undefined || kafka === undefined) throw new Error('set MILLRACE_PEER_CONNECT and MILLRACE_TEST_KAFKA');
const group = uniqueName('file-golden');
const folder = await mkdtemp(join(tmpdir(), 'millrace-file-golden-'));
await using worker = await connectWorker(home, kafka, group);
const golden = await play(worker.url, kafka, group, folder);
await writeFile(join(import.meta.dirname, '../golden/golden.json'), `${JSON.stringify(golden, null, 2)}\n`);
await rm(folder, { recursive: true });
