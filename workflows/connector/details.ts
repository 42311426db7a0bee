import type { ConnectorStatus, TaskStatus } from '../shared/messages.ts';

/** The details are rendered again with each change; longer lists are not read. */
const MAX_TASKS = 200;
const MAX_TRACES = 5;
const MAX_LINE_CHARS = 1000;

/** The connector's details in the Temporal UI, in Markdown. */
export function connectorDetails(status: ConnectorStatus): string {
  const lines = [
    `**${status.name}** is ${status.state}: ${status.type}, \`${status.config['connector.class'] ?? '?'}\``,
  ];
  if (status.trace !== undefined) lines.push('', 'Planning the tasks failed:', '', quoted(status.trace));
  lines.push(...taskTable(status.tasks), ...failures(status.tasks), ...retries(status.tasks));
  if (status.trace !== undefined || status.tasks.some(task => task.state === 'FAILED')) {
    lines.push(
      '',
      `After the cause is fixed: \`millrace connectors restart ${status.name} --include-tasks --only-failed\``,
    );
  } else if (status.state === 'RUNNING') {
    lines.push('', "For the tasks' progress, see their heartbeats under *Pending Activities*.");
  }
  return lines.join('\n');
}

function taskTable(tasks: readonly TaskStatus[]): string[] {
  if (tasks.length === 0) return [];
  const rows = tasks.slice(0, MAX_TASKS).map(task => `| ${task.id} | ${stateOf(task)} |`);
  const omitted = tasks.length > MAX_TASKS ? ['', `… and ${tasks.length - MAX_TASKS} more.`] : [];
  return ['', '| task | state |', '|---|---|', ...rows, ...omitted];
}

function failures(tasks: readonly TaskStatus[]): string[] {
  const lines: string[] = [];
  const failed = tasks.filter(task => task.trace !== undefined);
  for (const task of failed.slice(0, MAX_TRACES)) {
    if (task.trace === undefined) continue;
    const failedAt = task.failed === undefined ? '' : ` at ${new Date(task.failed).toISOString()}`;
    lines.push('', `Task ${task.id} failed${failedAt}:`, '', quoted(task.trace));
  }
  if (failed.length > MAX_TRACES) lines.push('', `… and ${failed.length - MAX_TRACES} more failed tasks.`);
  return lines;
}

function retries(tasks: readonly TaskStatus[]): string[] {
  const lines: string[] = [];
  const retrying = tasks.filter(task => task.trouble !== undefined);
  for (const { id, trouble } of retrying.slice(0, MAX_TRACES)) {
    if (trouble === undefined) continue;
    const since = new Date(trouble.since).toISOString();
    lines.push('', `Task ${id} has been failing since ${since} and keeps retrying:`, '', quoted(trouble.failure));
  }
  if (retrying.length > MAX_TRACES)
    lines.push('', `… and ${retrying.length - MAX_TRACES} more tasks that keep retrying.`);
  return lines;
}

function stateOf({ state, wakes, trouble }: TaskStatus): string {
  if (state !== 'RUNNING') return state;
  if (trouble !== undefined) return 'RESTARTING';
  return wakes === undefined ? state : `sleeps until ${new Date(wakes).toISOString()}`;
}

/** The messages of a trace, which wrap. The stack is in the status and in the history. */
const quoted = (trace: string): string =>
  trace
    .split('\n')
    .filter(line => !/^\s+at /.test(line))
    .map(line => `> ${line.slice(0, MAX_LINE_CHARS).replaceAll(/[\\`*_{}[\]<>#|]/g, '\\$&')}`)
    .join('\n>\n');
