import { Command, Option } from 'commander';
import type { OffsetEntry } from '../../workflows/shared/messages.ts';
import type { ConnectorInfo, StatusInfo } from '../temporal/control/control.ts';
import { connectorFile, offsetsFile } from './connectors/config-file.ts';
import { connectorsExit, DEFAULT_URL, exitWith, type RestClient, restClient } from './connectors/rest-client.ts';
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
  millrace connectors status orders || echo "orders has failed"
  millrace connectors restart orders --include-tasks --only-failed
  millrace connectors stop orders && millrace connectors offsets orders --reset
  millrace connectors list --json | jq 'keys'

Also works with any REST server of Kafka Connect: --url http://connect:8083, or MILLRACE_URL.

Exit status: ${connectorsExit.done} done, ${connectorsExit.failed} refused, ${connectorsExit.usage} wrong usage, \
${connectorsExit.unreachable} no answer or 503, ${connectorsExit.unhealthy} a connector or task has FAILED (status).`;

const fileHelp = `
The file holds one of
  {"name": "orders", "config": {"connector.class": "…", "tasks.max": 1}}
  {"connector.class": "…", "tasks.max": 1}     with --name orders, or "name" among the keys
  connector.class=…                            properties, with name=orders or --name orders

Passwords do not have to be in it: the worker resolves placeholders such as \${file:/path/to/secrets.properties:key}.`;

interface Common {
  readonly url: string;
  readonly json?: true;
}

/** `millrace connectors …`: a client of the REST API. */
export function command(): Command {
  const connectors = new Command('connectors')
    .description('Creates connectors, shows their state, and changes them.')
    .addHelpText('after', examples);
  const sub = subcommandsOf(connectors);
  addConfigurationCommands(sub);
  addStateCommands(sub);
  addOffsetCommands(sub);
  addPluginCommands(sub);
  return connectors;
}

/** Adds a subcommand. `act` returns a function that renders the output, called only without --json. */
type AddSubcommand = <O extends Common>(
  usage: string,
  summary: string,
  options: readonly Option[],
  act: (rest: RestClient, options: O, name: string) => Promise<() => string>,
) => Command;

const subcommandsOf =
  (connectors: Command): AddSubcommand =>
  (usage, summary, options, act) => {
    const subcommand = connectors
      .command(usage)
      .summary(summary)
      .description(`${capitalize(summary)}.`);
    for (const option of options) subcommand.addOption(option);
    return subcommand
      .addOption(new Option('--url <url>', 'address of the REST server').env('MILLRACE_URL').default(DEFAULT_URL))
      .option('--json', "print the REST server's answer unchanged, and nothing else")
      .action(async (...args: unknown[]) => {
        const values = subcommand.opts<Parameters<typeof act>[1]>();
        const view = await act(restClient(values.url, values.json === true), values, String(args[0]));
        if (values.json !== true) process.stdout.write(view());
      });
  };

function addConfigurationCommands(sub: AddSubcommand): void {
  sub('list', 'list connectors with their states', [], async rest => {
    const { json } = await rest.send({ path: ['connectors'], query: { expand: 'status' } });
    const byName = json as Record<string, { status?: StatusInfo }>;
    return () => listView(Object.values(byName).flatMap(({ status }) => status ?? []));
  });

  sub<Common & FileOption & { name?: string; state?: string }>(
    'create',
    'create a connector from a file',
    [file('the connector'), new Option('--name <name>', 'its name, in place of the one in the file'), initialState],
    async (rest, options) => {
      const { name, config, initialState, initialOffsets } = await connectorFile(options.file, options.name);
      if (name === undefined) throw exitWith(connectorsExit.usage, `${options.file} names no connector: add --name.`);
      const state = options.state ?? initialState;
      const body = {
        name,
        config,
        ...(state === undefined ? {} : { initial_state: state }),
        ...(initialOffsets === undefined ? {} : { initial_offsets: initialOffsets }),
      };
      const { json } = await rest.send({ method: 'POST', path: ['connectors'], body });
      return () => createdView(json as ConnectorInfo);
    },
  ).addHelpText('after', fileHelp);

  sub('show <name>', 'show a connector’s configuration', [], async (rest, _options, name) => {
    const { json } = await rest.send({ path: ['connectors', name] });
    const info = json as ConnectorInfo;
    return () => `${info.name} (${info.type}), tasks: ${info.tasks.length}\n${configView(info.config)}`;
  });

  sub<Common & Partial<FileOption>>(
    'config <name>',
    'print a connector’s configuration as JSON, or replace it',
    [file('the new configuration; creates the connector when it does not exist', false)],
    async (rest, options, name) => {
      const path = ['connectors', name, 'config'];
      if (options.file === undefined) {
        const { json } = await rest.send({ path });
        return () => `${JSON.stringify(json, null, 2)}\n`;
      }
      const { config } = await connectorFile(options.file, name);
      const { status } = await rest.send({ method: 'PUT', path, body: config });
      return () => `${name} is ${status === 201 ? 'created' : 'changed'}.\n`;
    },
  );
}

function addStateCommands(sub: AddSubcommand): void {
  sub('status <name>', 'show the state of a connector and of its tasks', [], async (rest, options, name) => {
    const { json } = await rest.send({ path: ['connectors', name, 'status'] });
    const status = json as StatusInfo;
    if (!hasFailed(status)) return () => statusView(status);
    if (options.json !== true) process.stdout.write(statusView(status));
    throw new Exit(connectorsExit.unhealthy);
  });

  for (const [verb, summary, done] of [
    ['pause', 'stop reading and writing, keep the tasks', 'is pausing'],
    ['resume', 'run again after pause or stop', 'is resuming'],
    ['stop', 'end the tasks, keep the connector and its offsets', 'is stopping'],
  ] as const)
    sub(`${verb} <name>`, summary, [], async (rest, _options, name) => {
      await rest.send({ method: 'PUT', path: ['connectors', name, verb] });
      return () => `${name} ${done}.\n`;
    });

  sub<Common & { task?: string; includeTasks?: true; onlyFailed?: true }>(
    'restart <name>',
    'restart a connector, its tasks, or one of them',
    [
      new Option('--include-tasks', 'also its tasks'),
      new Option('--only-failed', 'only what has FAILED'),
      new Option('--task <id>', 'only this task').conflicts(['includeTasks', 'onlyFailed']),
    ],
    async (rest, { task, includeTasks, onlyFailed }, name) => {
      const path = ['connectors', name, ...(task === undefined ? [] : ['tasks', task]), 'restart'];
      const query = {
        ...(includeTasks && { includeTasks: 'true' }),
        ...(onlyFailed && { onlyFailed: 'true' }),
      };
      const { json } = await rest.send({ method: 'POST', path, query });
      const what = task === undefined ? name : `Task ${task} of ${name}`;
      return () => (json === undefined ? `${what} is restarting.\n` : statusView(json as StatusInfo));
    },
  );
}

/** `offsets`, and `delete`, after which offsets stay. */
function addOffsetCommands(sub: AddSubcommand): void {
  sub<Common & Partial<FileOption> & { reset?: true }>(
    'offsets <name>',
    'show a connector’s offsets, or set or reset them while it is stopped',
    [
      file('offsets in the form that --json prints; null deletes the offset of a partition', false),
      new Option('--reset', 'delete all offsets').conflicts(['file']),
    ],
    async (rest, options, name) => {
      const path = ['connectors', name, 'offsets'];
      if (options.reset !== true && options.file === undefined) {
        const { json } = await rest.send({ path });
        return () => offsetsView(json as { offsets: readonly OffsetEntry[] });
      }
      const { json } =
        options.file === undefined
          ? await rest.send({ method: 'DELETE', path })
          : await rest.send({ method: 'PATCH', path, body: await offsetsFile(options.file) });
      return () => `${(json as { message: string }).message}.\n`;
    },
  );

  sub('delete <name>', 'stop a connector and remove it; its offsets stay', [], async (rest, _options, name) => {
    await rest.send({ method: 'DELETE', path: ['connectors', name] });
    return () => `${name} is deleted.\n`;
  });
}

function addPluginCommands(sub: AddSubcommand): void {
  sub<Common & FileOption>(
    'validate',
    'check a configuration without creating a connector',
    [file('the connector')],
    async (rest, options) => {
      const { name, config } = await connectorFile(options.file, undefined);
      const plugin = config['connector.class'];
      if (typeof plugin !== 'string' || plugin.trim() === '')
        throw exitWith(
          connectorsExit.usage,
          `${options.file} has no connector.class, the class whose configuration to check.`,
        );
      const body = name === undefined ? config : { ...config, name };
      const path = ['connector-plugins', plugin.trim(), 'config', 'validate'];
      const validation = (await rest.send({ method: 'PUT', path, body })).json as Validation;
      if (validation.error_count === 0) return () => validationView(validation);
      if (options.json !== true) process.stdout.write(validationView(validation));
      throw new Exit(connectorsExit.failed);
    },
  );

  sub<Common & { all?: true }>(
    'plugins',
    'list the classes that configurations can use',
    [new Option('--all', 'also transforms, predicates and converters')],
    async (rest, options) => {
      const query = options.all === true ? { connectorsOnly: 'false' } : {};
      const { json } = await rest.send({ path: ['connector-plugins'], query });
      return () => pluginsView(json as readonly Plugin[]);
    },
  );
}

interface FileOption {
  readonly file: string;
}

const file = (what: string, mandatory = true): Option =>
  new Option('-f, --file <file>', `JSON or properties with ${what}; - reads standard input`).makeOptionMandatory(
    mandatory,
  );

const initialState = new Option('--state <state>', 'its initial state').choices(['RUNNING', 'PAUSED', 'STOPPED']);

const capitalize = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
