import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serversInEnvironment } from '../../../setup/addresses.ts';
import { playAtKafkaConnect } from '../golden/play.ts';

// Records the behaviour of Kafka Connect's file connectors; MILLRACE_TEST_KAFKA names its brokers.
const { kafka } = serversInEnvironment();
if (kafka === undefined) throw new Error('set MILLRACE_TEST_KAFKA');
const golden = await playAtKafkaConnect(kafka);
await writeFile(join(import.meta.dirname, '../golden/golden.json'), `${JSON.stringify(golden, null, 2)}\n`);
