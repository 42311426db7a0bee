import { Command, Option } from 'commander';
import type { OffsetEntry } from '../../workflows/shared/messages.ts';
import type { ConnectorInfo, StatusInfo } from '../temporal/control.ts';
import { connectorFile, offsetsFile } from './connectors/config-file.ts';
import { connectorsExit, DEFAULT_URL, leave, type RestClient, restClient } from './connectors/rest-client.ts';
import {
  configView,
  createdView,
  hasFailed,
  listView,
  offsetsView,
  type Plugin,
  pluginsView,
  statusView,
  type Validation,
  validationView,
} from './connectors/views.ts';
import { Exit } from './program.ts';

const examples = `
Examples:
  millrace connectors create -f orders.json          a file with {"name": …, "config": {…}}
  millrace connectors create -f source.properties    the file that connect-standalone takes
  curl -s …/config | millrace connectors create --name copy -f -
  millrace connectors list
  millrace connectors status orders || echo "orders needs a look"
  millrace connectors restart orders --include-tasks --only-failed
  millrace connectors stop orders && millrace connectors offsets orders --reset
  millrace connectors list --json | jq 'keys'

Works with any REST server of Kafka Connect, too: --url http://connect:8083, or MILLRACE_URL.

Exit status: ${connectorsExit.done} done, ${connectorsExit.failed} refused, ${connectorsExit.usage} wrong usage, \
${connectorsExit.unreachable} no answer or 503, ${connectorsExit.unhealthy} a connector or task has FAILED (status).`;

const fileHelp = `
The file holds one of
  {"name": "orders", "config": {"connector.class": "…", "tasks.max": 1}}
  {"connector.class": "…", "tasks.max": 1}     with --name orders, or "name" among the keys
  connector.class=…                            properties, with name=orders or --name orders

Passwords need not stand in it: the worker resolves placeholders such as \${file:/path/to/secrets.properties:key}.`;

interface Common {
  readonly url: string;
  readonly json?: true;
}

/** `millrace connectors …`: a client of the REST API. */
export function command(): Command {
  const connectors = new Command('connectors')
    .description('Make connectors, see how they are, and change what they do.')
    .addHelpText('after', examples);

  /** A subcommand; `act` answers what people see, and is asked for it only without --json. */
  const sub = <O extends Common>(
    usage: string,
    summary: string,
    options: readonly Option[],
    act: (rest: RestClient, options: O, name: string) => Promise<() => string>,
  ): Command => {
    const made = connectors
      .command(usage)
      .summary(summary)
      .description(`${sentence(summary)}.`);
    for (const option of options) made.addOption(option);
    return made
      .addOption(new Option('--url <url>', 'address of the REST server').env('MILLRACE_URL').default(DEFAULT_URL))
      .option('--json', "print the REST server's answer as it is, and nothing else")
      .action(async (...args: unknown[]) => {
        const given = made.opts<O>();
        const view = await act(restClient(given.url, given.json === true), given, String(args[0]));
        if (given.json !== true) process.stdout.write(view());
      });
  };

  sub('list', 'list connectors with their states', [], async rest => {
    const { json } = await rest.ask({ path: ['connectors'], query: { expand: 'status' } });
    const byName = json as Record<string, { status?: StatusInfo }>;
    return () => listView(Object.values(byName).flatMap(({ status }) => status ?? []));
  });

  sub<Common & FileOption & { name?: string; state?: string }>(
    'create',
    'make a connector from a file',
    [file('the connector'), new Option('--name <name>', 'its name, whatever the file says'), initialState],
    async (rest, options) => {
      const { name, config, initialState, initialOffsets } = await connectorFile(options.file, options.name);
      if (name === undefined) throw leave(connectorsExit.usage, `${options.file} names no connector: give --name.`);
      const state = options.state ?? initialState;
      const body = {
        name,
        config,
        ...(state === undefined ? {} : { initial_state: state }),
        ...(initialOffsets === undefined ? {} : { initial_offsets: initialOffsets }),
      };
      const { json } = await rest.ask({ method: 'POST', path: ['connectors'], body });
      return () => createdView(json as ConnectorInfo);
    },
  ).addHelpText('after', fileHelp);

  sub('show <name>', 'show a connector’s configuration', [], async (rest, _options, name) => {
    const { json } = await rest.ask({ path: ['connectors', name] });
    const info = json as ConnectorInfo;
    return () => `${info.name} (${info.type}), tasks: ${info.tasks.length}\n${configView(info.config)}`;
  });

  sub<Common & Partial<FileOption>>(
    'config <name>',
    'print a connector’s configuration as JSON, or replace it',
    [file('the new configuration; makes the connector if there is none', false)],
    async (rest, options, name) => {
      const path = ['connectors', name, 'config'];
      if (options.file === undefined) {
        const { json } = await rest.ask({ path });
        return () => `${JSON.stringify(json, null, 2)}\n`;
      }
      const { config } = await connectorFile(options.file, name);
      const { status } = await rest.ask({ method: 'PUT', path, body: config });
      return () => `${name} is ${status === 201 ? 'created' : 'changed'}.\n`;
    },
  );

  sub('status <name>', 'show the state of a connector and of its tasks', [], async (rest, options, name) => {
    const { json } = await rest.ask({ path: ['connectors', name, 'status'] });
    const status = json as StatusInfo;
    if (!hasFailed(status)) return () => statusView(status);
    if (options.json !== true) process.stdout.write(statusView(status));
    throw new Exit(connectorsExit.unhealthy);
  });

  for (const [verb, summary, done] of [
    ['pause', 'stop reading and writing, keep the tasks', 'is pausing'],
    ['resume', 'go on after pause or stop', 'goes on'],
    ['stop', 'end the tasks, keep the connector and its offsets', 'is stopping'],
  ] as const)
    sub(`${verb} <name>`, summary, [], async (rest, _options, name) => {
      await rest.ask({ method: 'PUT', path: ['connectors', name, verb] });
      return () => `${name} ${done}.\n`;
    });

  sub<Common & { task?: string; includeTasks?: true; onlyFailed?: true }>(
    'restart <name>',
    'restart a connector, its tasks, or one of them',
    [
      new Option('--include-tasks', 'its tasks, too'),
      new Option('--only-failed', 'only what has FAILED'),
      new Option('--task <id>', 'this task alone').conflicts(['includeTasks', 'onlyFailed']),
    ],
    async (rest, { task, includeTasks, onlyFailed }, name) => {
      const path = ['connectors', name, ...(task === undefined ? [] : ['tasks', task]), 'restart'];
      const query = {
        ...(includeTasks && { includeTasks: 'true' }),
        ...(onlyFailed && { onlyFailed: 'true' }),
      };
      const { json } = await rest.ask({ method: 'POST', path, query });
      const what = task === undefined ? name : `Task ${task} of ${name}`;
      return () => (json === undefined ? `${what} is restarting.\n` : statusView(json as StatusInfo));
    },
  );

  sub<Common & Partial<FileOption> & { reset?: true }>(
    'offsets <name>',
    'show where a connector stands, or set or reset it while it is stopped',
    [
      file('offsets as it shows them with --json; of one that is null the connector begins anew', false),
      new Option('--reset', 'take all offsets back').conflicts(['file']),
    ],
    async (rest, options, name) => {
      const path = ['connectors', name, 'offsets'];
      if (options.reset !== true && options.file === undefined) {
        const { json } = await rest.ask({ path });
        return () => offsetsView(json as { offsets: readonly OffsetEntry[] });
      }
      const { json } =
        options.file === undefined
          ? await rest.ask({ method: 'DELETE', path })
          : await rest.ask({ method: 'PATCH', path, body: await offsetsFile(options.file) });
      return () => `${(json as { message: string }).message}.\n`;
    },
  );

  sub('delete <name>', 'end a connector and remove it; its offsets stay', [], async (rest, _options, name) => {
    await rest.ask({ method: 'DELETE', path: ['connectors', name] });
    return () => `${name} is deleted.\n`;
  });

  sub<Common & FileOption>(
    'validate',
    'check a configuration without making a connector',
    [file('the connector')],
    async (rest, options) => {
      const { name, config } = await connectorFile(options.file, undefined);
      const plugin = config['connector.class'];
      if (typeof plugin !== 'string' || plugin.trim() === '')
        throw leave(connectorsExit.usage, `${options.file} has no connector.class, which says what to check.`);
      const body = name === undefined ? config : { ...config, name };
      const path = ['connector-plugins', plugin.trim(), 'config', 'validate'];
      const validation = (await rest.ask({ method: 'PUT', path, body })).json as Validation;
      if (validation.error_count === 0) return () => validationView(validation);
      if (options.json !== true) process.stdout.write(validationView(validation));
      throw new Exit(connectorsExit.failed);
    },
  );

  sub<Common & { all?: true }>(
    'plugins',
    'list what connectors can be made of',
    [new Option('--all', 'transforms, predicates and converters, too')],
    async (rest, options) => {
      const query = options.all === true ? { connectorsOnly: 'false' } : {};
      const { json } = await rest.ask({ path: ['connector-plugins'], query });
      return () => pluginsView(json as readonly Plugin[]);
    },
  );
  return connectors;
}

interface FileOption {
  readonly file: string;
}

const file = (what: string, needed = true): Option =>
  new Option('-f, --file <file>', `JSON or properties with ${what}; - reads standard input`).makeOptionMandatory(
    needed,
  );

const initialState = new Option('--state <state>', 'what it does at first').choices(['RUNNING', 'PAUSED', 'STOPPED']);

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
