import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { isDisturbed, Meter } from '../../bench/measure.ts';
import { eventually } from '../support/eventually.ts';

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

function start(program: string, ...args: string[]): { child: ChildProcess; pid: number } {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  started.push(child);
  if (child.pid === undefined) throw new Error(`${program} did not start`);
  return { child, pid: child.pid };
}

const watched = (pid: number) => ({ subject: [pid], broker: undefined, database: undefined, temporal: undefined });

/** Uses the given CPU time, then reports it. */
const burn = (ms: number) =>
  `for (const begin = process.cpuUsage(); ; ) { const { user, system } = process.cpuUsage(begin); if (user + system > ${ms * 1000}) break }`;

test('a process is measured with its descendants, including those that ended', async () => {
  const inner = `node -e '${burn(300)}'`;
  const { child, pid } = start('sh', '-c', `read _; ${inner}; ${inner}; echo done; read _`);
  const meter = new Meter(watched(pid));
  child.stdin?.write('\n');
  if (child.stdout) await once(child.stdout, 'data');
  const { cpuSeconds, brokerCpuSeconds, otherCpuSeconds } = meter.usage(meter.sample());
  expect(cpuSeconds).toBeGreaterThan(0.58);
  expect(cpuSeconds).toBeLessThan(1.5);
  expect(brokerCpuSeconds).toBeUndefined();
  expect(otherCpuSeconds).toBeGreaterThanOrEqual(0);
});

test('peak memory is measured from the start of the measurement', async () => {
  const program = `
    let held = Buffer.alloc(200e6, 1);
    process.stdin.on('data', () => { held = undefined; gc(); console.log('freed'); });
    console.log('ready');`;
  const { child, pid } = start('node', '--expose-gc', '-e', program);
  if (child.stdout) await once(child.stdout, 'data');
  const full = new Meter(watched(pid));
  expect(full.usage(full.sample()).peakMb).toBeGreaterThan(200);
  child.stdin?.write('\n');
  if (child.stdout) await once(child.stdout, 'data');
  await eventually('the memory is freed', () => {
    const empty = new Meter(watched(pid));
    return empty.usage(empty.sample()).peakMb < 150;
  });
});

test('a run counts as disturbed when other processes used more than a tenth of the machine', () => {
  expect(isDisturbed(0.4, 1)).toBe(false);
  expect(isDisturbed(1e6, 10)).toBe(true);
});
