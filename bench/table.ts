import { table as columns } from '../src/cli/table.ts';
import type { Figures } from './workloads/workload.ts';

/** Results of one subject; the first run is separate, because its code is not warm. */
export interface Line {
  readonly subject: string;
  readonly runs: readonly Figures[];
}

interface Column {
  readonly head: string;
  readonly figure: keyof Figures;
  readonly digits: number;
  /** True if the first subject is compared with the others by this figure. */
  readonly compared?: true;
}

const shown: readonly Column[] = [
  { head: 'records/s', figure: 'recordsPerSecond', digits: 0, compared: true },
  { head: 'per CPU s', figure: 'recordsPerCpuSecond', digits: 0, compared: true },
  { head: 'p50 ms', figure: 'p50Ms', digits: 1, compared: true },
  { head: 'p95 ms', figure: 'p95Ms', digits: 1, compared: true },
  { head: 'p99 ms', figure: 'p99Ms', digits: 1, compared: true },
  { head: 'max ms', figure: 'maxMs', digits: 1 },
  { head: 'late', figure: 'lateWrites', digits: 0 },
  { head: 'taken over s', figure: 'takenOverSeconds', digits: 2, compared: true },
  { head: 'next record s', figure: 'nextRecordSeconds', digits: 2, compared: true },
  { head: 'doubled', figure: 'doubled', digits: 0 },
  { head: 'running s', figure: 'runningSeconds', digits: 1, compared: true },
  { head: 'status ms', figure: 'statusMs', digits: 0, compared: true },
  { head: 'idle %', figure: 'idlePercent', digits: 1, compared: true },
  { head: 'recovered s', figure: 'recoveredSeconds', digits: 1, compared: true },
  { head: 'deleted s', figure: 'deletedSeconds', digits: 1, compared: true },
  { head: 'peak MB', figure: 'peakMb', digits: 0, compared: true },
  { head: 'seconds', figure: 'seconds', digits: 2 },
  { head: 'first s', figure: 'firstRecordSeconds', digits: 2 },
  { head: 'CPU s', figure: 'cpuSeconds', digits: 1, compared: true },
  { head: 'broker', figure: 'brokerCpuSeconds', digits: 1 },
  { head: 'database', figure: 'databaseCpuSeconds', digits: 1 },
  { head: 'temporal', figure: 'temporalCpuSeconds', digits: 1 },
  { head: 'temporal MB', figure: 'temporalPeakMb', digits: 0 },
  { head: 'probe', figure: 'probeCpuSeconds', digits: 1 },
  { head: 'other', figure: 'otherCpuSeconds', digits: 1 },
];

/** Table rows of each subject, cold and, after several runs, warm; below, ratios of the first subject to the others. */
export function figuresTable(lines: readonly Line[]): string {
  const rows = lines.flatMap(({ subject, runs: [first, ...rest] }) => [
    ...(first === undefined ? [] : [rowOf(rest.length === 0 ? subject : `${subject}, first run`, [first])]),
    ...(rest.length === 0
      ? []
      : [rowOf(rest.length === 1 ? `${subject}, second run` : `${subject}, median of ${rest.length} more`, rest)]),
  ]);
  const [ours, ...others] = lines.map(({ subject, runs }) => ({
    subject,
    runs: runs.length > 1 ? runs.slice(1) : runs,
  }));
  const ratios = ours === undefined ? [] : others.map(theirs => ratioOf(ours, theirs));
  return columns(['', ...shown.map(({ head }) => head)], [...rows, ...ratios]);
}

function rowOf(name: string, runs: readonly Figures[]): string[] {
  return [name, ...shown.map(({ figure, digits }) => text(median(runs, figure), digits))];
}

function ratioOf(ours: Line, theirs: Line): string[] {
  const cells = shown.map(({ figure, compared }) => {
    const a = median(ours.runs, figure);
    const b = median(theirs.runs, figure);
    return compared && a !== undefined && b ? `${(a / b).toFixed(a / b < 10 ? 2 : 0)}×` : '';
  });
  return [`${ours.subject} ÷ ${theirs.subject}`, ...cells];
}

/** Undefined if no run has the figure. */
export function median(runs: readonly Figures[], figure: keyof Figures): number | undefined {
  const sorted = runs
    .map(run => run[figure])
    .filter(value => value !== undefined)
    .sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}

function text(value: number | undefined, digits: number): string {
  if (value === undefined) return '';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
