// Runs test/soak once for each seed: `npm run soak`, or a part of it: `npm run soak -- campaign`. After a
// failure the other seeds still run.
//
// MILLRACE_SOAK        minutes for each seed; default 60
// MILLRACE_ROUNDS      rounds of the tests that have rounds
// MILLRACE_OUTAGE      minutes without Temporal; default 30
// MILLRACE_KILLS       kills of brokers in three-brokers; default 100
// MILLRACE_SEEDS       seeds of a campaign, as 1,2,3; else one run with MILLRACE_SEED, or with a random seed
// MILLRACE_SOAK_STATE  file with the seeds of campaigns that have passed, which are skipped when the same commit runs for as
//                      many minutes again; default soak.json in the folder of the reports
import { execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { reportFolder } from '../test/support/report.ts';

interface Passed {
  readonly seed: number;
  readonly minutes: number;
  readonly commit: string;
  readonly at: string;
}

const { env } = process;
const root = resolve(import.meta.dirname, '..');
const minutes = wholeNumber('MILLRACE_SOAK', env['MILLRACE_SOAK'] || '60');
const isCampaign = Boolean(env['MILLRACE_SEEDS']);
const seeds = isCampaign
  ? [...new Set((env['MILLRACE_SEEDS'] ?? '').split(',').map(seed => wholeNumber('MILLRACE_SEEDS', seed)))]
  : [wholeNumber('MILLRACE_SEED', env['MILLRACE_SEED'] || String(randomInt(1 << 30)))];
const stateFile = resolve(env['MILLRACE_SOAK_STATE'] || join(reportFolder(), 'soak.json'));
const commit = isCampaign ? commitOf(root) : '';

const outcomes: string[] = [];
for (const seed of seeds) {
  if (isCampaign && (await readState()).some(passed => isSame(passed, seed))) {
    outcomes.push(`${seed} skipped: it has passed before, by ${stateFile}`);
    continue;
  }
  const code = await run(seed);
  outcomes.push(`${seed} ${code === 0 ? 'passed' : 'failed'}`);
  if (code !== 0) process.exitCode = 1;
  else if (isCampaign) await remember(seed);
  // Ctrl-C.
  if (code === null) break;
}
console.log(outcomes.map(line => `soak of ${minutes} minutes, seed ${line}`).join('\n'));

/** Returns the exit code; null after a signal. */
async function run(seed: number): Promise<number | null> {
  const vitest = join(root, 'node_modules', '.bin', 'vitest');
  const child = spawn(vitest, ['run', '--project', 'soak', ...process.argv.slice(2)], {
    cwd: root,
    env: { ...env, MILLRACE_SOAK: String(minutes), MILLRACE_SEED: String(seed) },
    stdio: 'inherit',
  });
  const [code] = await once(child, 'exit');
  return code;
}

/** True for a seed that passed on the same commit, without uncommitted changes. */
function isSame(passed: Passed, seed: number): boolean {
  return passed.seed === seed && passed.minutes === minutes && passed.commit === commit && !commit.endsWith('-dirty');
}

async function readState(): Promise<readonly Passed[]> {
  const text = await readFile(stateFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]';
    throw error;
  });
  return JSON.parse(text);
}

async function remember(seed: number): Promise<void> {
  const passed: Passed = { seed, minutes, commit, at: new Date().toISOString() };
  const next = `${stateFile}.next`;
  await mkdir(dirname(stateFile), { recursive: true });
  await writeFile(next, `${JSON.stringify([...(await readState()), passed], null, 2)}\n`);
  await rename(next, stateFile);
}

function commitOf(folder: string): string {
  const args = ['-C', folder, 'describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
  return execFileSync('git', args, { encoding: 'utf8' }).trim();
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text.trim());
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0)
    throw new Error(`${name} must have whole numbers, not ${JSON.stringify(text)}`);
  return value;
}
