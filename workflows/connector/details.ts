import type { ConnectorStatus, TaskStatus } from '../shared/messages.ts';

/** Nobody reads more, and they are made anew with each change. */
const MAX_TASKS = 200;
const MAX_TRACES = 5;

/** What a connector shows in the Temporal UI, as Markdown. */
export function connectorDetails(status: ConnectorStatus): string {
  const lines = [
    `**${status.name}** is ${status.state}: ${status.type}, \`${status.config['connector.class'] ?? '?'}\``,
  ];
  if (status.trace !== undefined) lines.push('', 'It could not plan its tasks:', '', quoted(status.trace));
  if (status.tasks.length > 0) {
    const shown = status.tasks.slice(0, MAX_TASKS).map(task => `| ${task.id} | ${stateOf(task)} |`);
    lines.push('', '| task | state |', '|---|---|', ...shown);
    if (status.tasks.length > MAX_TASKS) lines.push('', `… and ${status.tasks.length - MAX_TASKS} more.`);
  }
  const failed = status.tasks.filter(task => task.trace !== undefined);
  for (const task of failed.slice(0, MAX_TRACES)) {
    if (task.trace === undefined) continue;
    const since = task.failed === undefined ? '' : ` at ${new Date(task.failed).toISOString()}`;
    lines.push('', `Task ${task.id} failed${since}:`, '', quoted(task.trace));
  }
  if (failed.length > MAX_TRACES) lines.push('', `… and ${failed.length - MAX_TRACES} more that failed.`);
  const troubled = status.tasks.filter(task => task.trouble !== undefined);
  for (const { id, trouble } of troubled.slice(0, MAX_TRACES)) {
    if (trouble === undefined) continue;
    const since = new Date(trouble.since).toISOString();
    lines.push(
      '',
      `Task ${id} has failed again and again since ${since}, and goes on trying until this is mended:`,
      '',
      quoted(trouble.failure),
    );
  }
  if (troubled.length > MAX_TRACES) lines.push('', `… and ${troubled.length - MAX_TRACES} more that go on trying.`);
  if (status.trace !== undefined || status.tasks.some(task => task.state === 'FAILED')) {
    lines.push('', `When it is mended: \`millrace connectors restart ${status.name} --include-tasks --only-failed\``);
  } else if (status.state === 'RUNNING') {
    lines.push('', 'How far each task is: its heartbeat, under *Pending Activities*.');
  }
  return lines.join('\n');
}

function stateOf({ state, wakes, trouble }: TaskStatus): string {
  if (state !== 'RUNNING') return state;
  if (trouble !== undefined) return 'RESTARTING';
  return wakes === undefined ? state : `sleeps until ${new Date(wakes).toISOString()}`;
}

/** Its sentences, which wrap; the stack is in the status, and in the history. */
const quoted = (trace: string): string =>
  trace
    .split('\n')
    .filter(line => !/^\s+at /.test(line))
    .map(line => `> ${line.slice(0, 1000).replaceAll(/[\\`*_{}[\]<>#|]/g, '\\$&')}`)
    .join('\n>\n');
