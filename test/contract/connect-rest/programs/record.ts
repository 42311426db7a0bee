import { writeFile } from 'node:fs/promises';
import { serversInEnvironment } from '../../../setup/addresses.ts';
import { answersOfConnect, goldenFile } from '../golden.ts';

// Records the answers of a real Kafka Connect anew: MILLRACE_PEER_CONNECT names the folder of its jars, and
// MILLRACE_TEST_KAFKA and MILLRACE_TEST_POSTGRES name the servers that it may use.
const { MILLRACE_PEER_CONNECT: home } = process.env;
const { kafka, postgres } = serversInEnvironment();
if (home === undefined || kafka === undefined || postgres === undefined)
  throw new Error('set MILLRACE_PEER_CONNECT, MILLRACE_TEST_KAFKA and MILLRACE_TEST_POSTGRES');
const answers = await answersOfConnect(home, { kafka, postgres, temporal: '' });
await writeFile(goldenFile, `${JSON.stringify(answers, null, 2)}\n`);
process.stdout.write(`${Object.keys(answers).length} answers are in ${goldenFile}\n`);
