import type { OffsetEntry, State } from '../../../workflows/shared/messages.ts';
import type { ConnectorInfo, StatusInfo, TaskState } from '../../temporal/control/control.ts';
import { type Cell, type Style, styled, table } from '../table.ts';

/** Renderings of the REST API's answers: lines, each with a line end. */

export function listView(connectors: readonly StatusInfo[]): string {
  if (connectors.length === 0) return 'No connectors. Create one with: millrace connectors create -f FILE\n';
  return table(
    ['NAME', 'TYPE', 'STATE', 'TASKS', 'TRACE'],
    connectors.map(info => [
      info.name,
      info.type,
      stateCell(info.connector.state),
      countByState(info.tasks),
      firstLine(info.connector.trace ?? info.tasks.find(task => task.trace !== undefined)?.trace),
    ]),
  );
}

export function statusView({ name, type, connector, tasks }: StatusInfo): string {
  const head = `${name} (${type}) is ${styled(stateCell(connector.state))} on ${connector.worker_id}\n`;
  const trace = connector.trace === undefined ? '' : `  ${firstLine(connector.trace)}\n`;
  if (tasks.length === 0) return `${head}${trace}It has no tasks.\n`;
  return `${head}${trace}${table(
    ['TASK', 'STATE', 'WORKER', 'ATTEMPT', 'FIGURES', 'TRACE'],
    tasks.map(task => [
      String(task.id),
      stateCell(task.state),
      task.worker_id,
      task.attempt === undefined ? '' : String(task.attempt),
      Object.entries(task.figures ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
      firstLine(task.trace ?? task.last_failure),
    ]),
  )}`;
}

export const configView = (config: Readonly<Record<string, string>>): string =>
  table(
    ['KEY', 'VALUE'],
    Object.entries(config)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, value.replaceAll('\n', '\\n')]),
  );

export const createdView = ({ name, type }: ConnectorInfo): string =>
  `${name} (${type}) is created. Show its state with: millrace connectors status ${shellQuote(name)}\n`;

export interface Validation {
  readonly name: string;
  readonly error_count: number;
  readonly configs: readonly { readonly value: { readonly name: string; readonly errors: readonly string[] } }[];
}

export function validationView({ name, error_count, configs }: Validation): string {
  if (error_count === 0) return `${name}: the configuration is valid.\n`;
  const rows = configs.flatMap(({ value }) => value.errors.map(error => [value.name, error]));
  return table(['KEY', 'ERROR'], rows);
}

export interface Plugin {
  readonly class: string;
  readonly type: string;
  readonly version: string;
}

export const pluginsView = (plugins: readonly Plugin[]): string =>
  table(
    ['TYPE', 'CLASS', 'VERSION'],
    plugins.map(plugin => [plugin.type, plugin.class, plugin.version]),
  );

/** True when the connector or one of its tasks has failed. */
export const hasFailed = ({ connector, tasks }: StatusInfo): boolean =>
  connector.state === 'FAILED' || tasks.some(task => task.state === 'FAILED');

const styles: Readonly<Partial<Record<State, Style>>> = {
  RUNNING: 'green',
  FAILED: 'red',
  RESTARTING: 'yellow',
  UNASSIGNED: 'yellow',
};

function stateCell(state: State): Cell {
  const style = styles[state];
  return style === undefined ? state : { text: state, style };
}

/** Counts tasks by state: `2 RUNNING, 1 FAILED`. */
function countByState(tasks: readonly TaskState[]): string {
  const byState = Map.groupBy(tasks, task => task.state);
  return [...byState].map(([state, group]) => `${group.length} ${state}`).join(', ');
}

const firstLine = (trace = ''): string => trace.split('\n', 1)[0]?.trim() ?? '';

const shellQuote = (name: string): string => (/^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`);

export function offsetsView({ offsets }: { readonly offsets: readonly OffsetEntry[] }): string {
  if (offsets.length === 0) return 'No offsets: the connector reads from the beginning.\n';
  const text = (part: unknown) => JSON.stringify(part);
  return table(
    ['PARTITION', 'OFFSET'],
    offsets.map(({ partition, offset }) => [text(partition), text(offset)]),
  );
}
