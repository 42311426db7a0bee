import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { MillraceError, messageOf } from '../errors.ts';
import { describe, exitStatus } from './program.ts';
import { connectorsAtStart } from './worker/connectors-at-start.ts';

interface WorkerOptions {
  readonly set: readonly string[];
  readonly processes: number;
}

/** `millrace worker FILE`: what connect-distributed.sh is to Kafka Connect; with connectors' files, connect-standalone.sh. */
export function command(): Command {
  return new Command('worker')
    .description(
      'Runs a worker with the REST API from Kafka Connect’s worker properties, and temporal.address,\n' +
        'temporal.namespace and temporal.task.queue. Workers with one group.id share the work.',
    )
    .argument('[file]', 'properties file, as connect-distributed.sh takes it; without one: 127.0.0.1:9092 and defaults')
    .argument('[connectors...]', 'files of connectors, .properties or .json, as connect-standalone.sh takes them')
    .option('--set <key=value>', 'a property over the file’s; may be given again', collect, [])
    .option('--processes <n>', 'run as so many processes, to use as many cores', processes, 1)
    .addHelpText(
      'after',
      `
Example worker.properties:
  bootstrap.servers=127.0.0.1:9092
  group.id=etl
  key.converter=org.apache.kafka.connect.json.JsonConverter
  value.converter=org.apache.kafka.connect.json.JsonConverter
  offset.storage.topic=etl-offsets
  listeners=http://127.0.0.1:8083
  temporal.address=127.0.0.1:7233

Connectors of files are made when there are none of their names, and configured anew where the files say otherwise.

Ends with SIGTERM or SIGINT: tasks commit what they have in hand and go to the other workers.`,
    )
    .action(async (file: string | undefined, files: readonly string[], { set, processes }: WorkerOptions) => {
      const props = file === undefined ? {} : await propertiesOf(file);
      for (const pair of set) {
        const at = pair.indexOf('=');
        if (at < 1) throw new MillraceError('CONFIG_INVALID', `--set takes key=value, not ${pair}`);
        props[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
      }
      const { processNumber } = await import('../processes/member.ts');
      const number = processNumber();
      const connectors = await connectorsAtStart(files);
      if (number === undefined && processes > 1) return parent(props, processes);
      const configFiles = [file, ...files].filter(path => path !== undefined).map(path => resolve(path));
      await work({
        props,
        connectors: number === undefined || number === 1 ? connectors : [],
        configFiles,
        child: number !== undefined,
      });
    });
}

type Props = Readonly<Record<string, string>>;
const signals = ['SIGINT', 'SIGTERM'] as const;

interface Work {
  readonly props: Props;
  readonly connectors: Awaited<ReturnType<typeof connectorsAtStart>>;
  readonly configFiles: readonly string[];
  /** One of several processes. */
  readonly child: boolean;
}

/** Never returns. */
async function work({ props, connectors, configFiles, child }: Work): Promise<never> {
  const leaving = new AbortController();
  for (const signal of signals) {
    // A child hears of Ctrl-C twice: from the terminal and from its parent, who alone can be in a hurry.
    if (child) process.on(signal, () => leaving.abort());
    else process.once(signal, () => leaving.abort());
  }
  const left = new Promise<void>(resolve => leaving.signal.addEventListener('abort', () => resolve()));
  const { startWorker } = await import('../worker.ts');
  const worker = await startWorker(props, { configFiles }).catch((error: unknown) => {
    process.stderr.write(`millrace: ${describe(error)}\n`);
    // Clients that were made already, and the channel to a parent, would keep the process.
    process.exit(exitStatus.failed);
  });
  let status: number = exitStatus.done;
  for (const { file, ...connector } of connectors) {
    if (leaving.signal.aborted) break;
    try {
      await worker.put(connector, leaving.signal);
    } catch (error) {
      if (leaving.signal.aborted) break;
      process.stderr.write(`millrace: ${file}: ${messageOf(error)}\n`);
      status = exitStatus.failed;
      break;
    }
  }
  if (status === exitStatus.done && !leaving.signal.aborted) {
    worker.started();
    await left;
  }
  await worker.stop();
  // Nothing is left to wait for; a socket of a library that lingers shall not keep the process.
  process.exit(status);
}

/** Never returns. */
async function parent(props: Props, count: number): Promise<never> {
  const { startWorkerProcesses } = await import('../worker-processes.ts');
  const processes = startWorkerProcesses(props, count);
  let told = false;
  for (const signal of signals)
    process.on(signal, () => {
      // Who asks again does not want to wait.
      processes.stop(told ? 'SIGKILL' : 'SIGTERM');
      told = true;
    });
  process.exit((await processes.ended) ? exitStatus.done : exitStatus.failed);
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

function processes(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 256) return count;
  throw new InvalidArgumentError('It takes a number of processes, 1 to 256.');
}

async function propertiesOf(file: string): Promise<Record<string, string>> {
  const { parseProperties } = await import('../config/worker-config/properties.ts');
  try {
    return parseProperties(await readFile(file, 'utf8'));
  } catch (error) {
    throw new MillraceError('CONFIG_INVALID', `the worker properties ${file} cannot be read: ${messageOf(error)}`);
  }
}
