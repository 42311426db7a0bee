import { Argument, Command, Option } from 'commander';
import { type Kind, kinds } from './plugin/names.ts';
import { writeProject } from './plugin/project.ts';

export function command(): Command {
  const plugin = new Command('plugin').description(
    'Your own connectors, transforms, predicates, converters and configuration providers.',
  );
  plugin
    .command('new')
    .summary('write a new plugin')
    .description('Writes a package with one component that works and tests that it passes, into a folder of its name.')
    .addArgument(new Argument('<name>', 'name of the npm package, such as millrace-plugin-feed or @acme/feed'))
    .addOption(new Option('--kind <kind>', 'kind of the plugin’s component').choices(kinds).default('source'))
    .option('--json', 'print JSON')
    .addHelpText('after', '\nNothing is installed, and an existing folder is not changed.')
    .action(create);
  return plugin;
}

async function create(name: string, { kind, json }: { readonly kind: Kind; readonly json?: true }): Promise<void> {
  const { folder, className, files, before } = await writeProject({ name, kind, cwd: process.cwd() });
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ folder, class: className, kind, files })}\n`);
    return;
  }
  const commands = [
    ...before,
    `cd ${folder}`,
    'npm install',
    'npm test',
    'npm run build',
    `millrace worker worker.properties --set plugin.path=${folder}`,
  ];
  process.stdout.write(`${folder}: a ${kind}, ${className}\n\nNext:\n${commands.map(line => `  ${line}\n`).join('')}`);
}
