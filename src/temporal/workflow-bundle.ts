import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Returns the workflow bundle, the workflows' code in one file. The published package contains it. In a checkout it is built
 * into `cacheFolder` for each state of the sources, in a separate process, whose memory is released afterwards.
 */
export async function workflowBundle(cacheFolder: string): Promise<{ codePath: string }> {
  const here = dirname(fileURLToPath(import.meta.url));
  const shipped = join(here, '..', '..', 'workflow-bundle.js');
  if (existsSync(shipped)) return { codePath: shipped };
  const sources = join(here, '..', '..', 'workflows');
  const codePath = join(cacheFolder, `workflows-${await fingerprint(sources)}.js`);
  if (!existsSync(codePath)) await build(join(sources, 'index.ts'), codePath);
  return { codePath };
}

async function fingerprint(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const { version } = createRequire(import.meta.url)('@temporalio/worker/package.json') as { version: string };
  hash.update(version);
  const files = (await readdir(folder, { recursive: true })).filter(file => file.endsWith('.ts')).sort();
  for (const file of files) hash.update(file).update(await readFile(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

async function build(entry: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const program = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [program, entry, target], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  if (code !== 0) throw new Error(`the workflows could not be bundled: ${stderr.slice(-2000)}`);
}

/** When run as a program: bundles `entry` into `target`. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , entry, target] = process.argv as [string, string, string, string];
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({ workflowsPath: entry });
  const temporary = `${target}.${process.pid}`;
  await writeFile(temporary, code);
  // Atomic, since two workers may start at the same time.
  await rename(temporary, target);
}
