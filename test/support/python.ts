import { findProgram, run, succeeds } from '../../src/stack/process/commands.ts';
import { installOnce } from '../../src/stack/servers/install.ts';

export interface Python {
  readonly program: string;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Python with packages installed in the cache folder under `name`, without dependencies; the machine's own Python is
 * not changed. packages: arguments of pip, such as `['--requirement', file]`.
 */
export async function pythonWith(name: string, packages: readonly string[]): Promise<Python> {
  const program = await findProgram('python3');
  if (program === undefined || !(await succeeds(program, ['-m', 'pip', '--version'])))
    throw new Error('this test needs Python 3.10 or later with pip: apt-get install python3-pip (Debian, Ubuntu)');
  const version = (await run(program, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'])).trim();
  const folder = await installOnce(`python/${name}-python${version}`, async partial => {
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
    await run(program, [...pip, '--target', partial, ...packages]);
  });
  return { program, environment: { ...process.env, PYTHONPATH: folder } };
}
