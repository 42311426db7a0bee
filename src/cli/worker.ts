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

/** `millrace worker FILE` corresponds to connect-distributed.sh; with connectors' files, to connect-standalone.sh. */
export function command(): Command {
  return new Command('worker')
    .description(
      'Runs a worker with the REST API from Kafka Connect’s worker properties, and temporal.address,\n' +
        'temporal.namespace and temporal.task.queue. Workers with one group.id share the work.',
    )
    .argument('[file]', 'properties file, as for connect-distributed.sh; without one: 127.0.0.1:9092 and defaults')
    .argument('[connectors...]', 'files of connectors, .properties or .json, as for connect-standalone.sh')
    .option('--set <key=value>', 'a property that overrides the file’s; repeatable', collect, [])
    .option('--processes <n>', 'number of processes, to use as many cores', processes, 1)
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

Connectors from files are created when they do not exist, and reconfigured when their files differ.

Stops on SIGTERM or SIGINT: tasks commit their batches and move to the other workers.`,
    )
    .action(async (file: string | undefined, files: readonly string[], { set, processes }: WorkerOptions) => {
      const props = file === undefined ? {} : await propertiesOf(file);
      for (const pair of set) {
        const separator = pair.indexOf('=');
        if (separator < 1) throw new MillraceError('CONFIG_INVALID', `--set takes key=value, not ${pair}`);
        props[pair.slice(0, separator).trim()] = pair.slice(separator + 1).trim();
      }
      const { processNumber } = await import('../processes/member.ts');
      const number = processNumber();
      const connectors = await connectorsAtStart(files);
      if (number === undefined && processes > 1) return runParent(props, processes);
      const configFiles = [file, ...files].filter(path => path !== undefined).map(path => resolve(path));
      await runWorker({
        props,
        connectors: number === undefined || number === 1 ? connectors : [],
        configFiles,
        child: number !== undefined,
      });
    });
}

type Props = Readonly<Record<string, string>>;
const signals = ['SIGINT', 'SIGTERM'] as const;

interface WorkerRun {
  readonly props: Props;
  readonly connectors: Awaited<ReturnType<typeof connectorsAtStart>>;
  readonly configFiles: readonly string[];
  /** True in one of several processes. */
  readonly child: boolean;
}

/** Runs a worker until a signal, then ends the process. */
async function runWorker({ props, connectors, configFiles, child }: WorkerRun): Promise<never> {
  const stopping = new AbortController();
  for (const signal of signals) {
    // A child receives Ctrl-C twice, from the terminal and from its parent; only the parent reacts to a second one.
    if (child) process.on(signal, () => stopping.abort());
    else process.once(signal, () => stopping.abort());
  }
  const stopRequest = new Promise<void>(resolve => stopping.signal.addEventListener('abort', () => resolve()));
  const { startWorker } = await import('../worker.ts');
  const worker = await startWorker(props, { configFiles }).catch((error: unknown) => {
    process.stderr.write(`millrace: ${describe(error)}\n`);
    // Open clients and the channel to a parent would keep the process alive.
    process.exit(exitStatus.failed);
  });
  let status: number = exitStatus.done;
  for (const { file, ...connector } of connectors) {
    if (stopping.signal.aborted) break;
    try {
      await worker.put(connector, stopping.signal);
    } catch (error) {
      if (stopping.signal.aborted) break;
      process.stderr.write(`millrace: ${file}: ${messageOf(error)}\n`);
      status = exitStatus.failed;
      break;
    }
  }
  if (status === exitStatus.done && !stopping.signal.aborted) {
    worker.started();
    await stopRequest;
  }
  await worker.stop();
  // A lingering socket of a library must not keep the process alive.
  process.exit(status);
}

/** Supervises the processes of a worker until they have ended, then ends this process. */
async function runParent(props: Props, count: number): Promise<never> {
  const { startWorkerProcesses } = await import('../worker-processes.ts');
  const processes = startWorkerProcesses(props, count);
  let signalled = false;
  for (const signal of signals)
    process.on(signal, () => {
      // A second signal does not wait for the tasks.
      processes.stop(signalled ? 'SIGKILL' : 'SIGTERM');
      signalled = true;
    });
  process.exit((await processes.ended) ? exitStatus.done : exitStatus.failed);
}

const collect = (value: string, previous: readonly string[]): readonly string[] => [...previous, value];

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
