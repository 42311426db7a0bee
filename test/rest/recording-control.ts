import { MillraceError } from '../../src/errors.ts';
import type { ConnectorInfo, Control, StatusInfo } from '../../src/temporal/control/control.ts';

export type Call = readonly [method: keyof Control, ...args: unknown[]];

/** A Control with the given answers, which records its calls. Methods without an answer reject with NOT_FOUND. */
export function recordingControl(answers: Partial<Control> = {}): { control: Control; calls: Call[] } {
  const calls: Call[] = [];
  const missing = async () => {
    throw new MillraceError('NOT_FOUND', 'message of the test');
  };
  const methods = [
    'list',
    'create',
    'info',
    'configure',
    'delete',
    'status',
    'pause',
    'resume',
    'stop',
    'restart',
    'restartTask',
    'tasks',
    'patch',
    'alterOffsets',
    'topics',
    'resetTopics',
  ] as const satisfies readonly (keyof Control)[];
  const entries = methods.map(method => [
    method,
    (...args: unknown[]) => {
      calls.push([method, ...args]);
      const answer = (answers[method] ?? missing) as (...args: unknown[]) => Promise<unknown>;
      return answer(...args);
    },
  ]);
  return { control: Object.fromEntries(entries) as Control, calls };
}

export const info = (name: string, config: Record<string, string> = {}): ConnectorInfo => ({
  name,
  config: { 'connector.class': 'FileStreamSource', ...config, name },
  tasks: [{ connector: name, task: 0 }],
  type: 'source',
});

export const status = (name: string): StatusInfo => ({
  name,
  connector: { state: 'RUNNING', worker_id: '127.0.0.1:8083', version: '1' },
  tasks: [
    { id: 0, state: 'RUNNING', worker_id: '127.0.0.1:8083', version: '1' },
    { id: 1, state: 'FAILED', worker_id: '127.0.0.1:8083', version: '1', trace: 'Something: bad\n\tat somewhere' },
  ],
  type: 'source',
});
