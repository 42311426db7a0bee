import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { cacheFolder } from './stack/cache.ts';

// Compiled code is kept beside everything else that is cached; what is imported from here on profits.
enableCompileCache(join(cacheFolder(), 'compiled'));

const { runCli } = await import('./cli/program.ts');
process.exitCode = await runCli(process.argv.slice(2));
