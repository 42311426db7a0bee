import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { MillraceError, messageOf } from '../errors.ts';

/** `millrace worker FILE`: what connect-distributed.sh is to Kafka Connect. */
export function command(): Command {
  return new Command('worker')
    .description(
      'Runs a worker with the REST API from Kafka Connect’s worker properties, and temporal.address,\n' +
        'temporal.namespace and temporal.task.queue. Workers with one group.id share the work.',
    )
    .argument('[file]', 'properties file, as connect-distributed.sh takes it; without one: 127.0.0.1:9092 and defaults')
    .option('--set <key=value>', 'a property over the file’s; may be given again', collect, [])
    .addHelpText(
      'after',
      `
Example worker.properties:
  bootstrap.servers=127.0.0.1:9092
  group.id=etl
  key.converter=org.apache.kafka.connect.json.JsonConverter
  value.converter=org.apache.kafka.connect.json.JsonConverter
  offset.storage.topic=etl-offsets
  listeners=http://:8083
  temporal.address=127.0.0.1:7233

Ends with SIGTERM or SIGINT: tasks commit what they have in hand and go to the other workers.`,
    )
    .action(async (file: string | undefined, { set }: { set: readonly string[] }) => {
      const { parseProperties } = await import('../config/properties.ts');
      const props = file === undefined ? {} : parseProperties(await textOf(file));
      for (const pair of set) {
        const at = pair.indexOf('=');
        if (at < 1) throw new MillraceError('CONFIG_INVALID', `--set takes key=value, not ${pair}`);
        props[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
      }
      const { startWorker } = await import('../worker.ts');
      const worker = await startWorker(props);
      await new Promise<void>(resolve => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
      });
      await worker.stop();
      // Nothing is left to wait for; a socket of a library that lingers shall not keep the process.
      process.exit(0);
    });
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new MillraceError('CONFIG_INVALID', `the worker properties ${file} cannot be read: ${messageOf(error)}`);
  }
}
