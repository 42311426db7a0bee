import { writeFile } from 'node:fs/promises';
import { serversInEnvironment } from '../../../setup/addresses.ts';
import { answersOfConnect, goldenFile } from '../golden.ts';

// Records the answers of a Kafka Connect worker; MILLRACE_TEST_KAFKA and MILLRACE_TEST_POSTGRES are its servers.
const { kafka, postgres } = serversInEnvironment();
if (kafka === undefined || postgres === undefined)
  throw new Error('set MILLRACE_TEST_KAFKA and MILLRACE_TEST_POSTGRES');
const answers = await answersOfConnect({ kafka, postgres, temporal: '' });
await writeFile(goldenFile, `${JSON.stringify(answers, null, 2)}\n`);
process.stdout.write(`${Object.keys(answers).length} answers were written to ${goldenFile}\n`);
