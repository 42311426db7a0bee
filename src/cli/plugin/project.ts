import { cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { MillraceError } from '../../errors.ts';
import { packageFolder } from '../../package-folder.ts';
import { componentName, type Kind } from './names.ts';

export interface NewPlugin {
  /** Name of the npm package. */
  readonly name: string;
  readonly kind: Kind;
  /** Folder in which its folder is created. */
  readonly cwd: string;
}

export interface PluginProject {
  readonly folder: string;
  readonly className: string;
  /** Paths in the folder. */
  readonly files: readonly string[];
  /** Commands to run before its packages can be installed. */
  readonly before: readonly string[];
}

interface Manifest {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Valid package names: https://docs.npmjs.com/cli/configuring-npm/package-json#name */
const npmName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

/** Writes a plugin's package. CONFIG_INVALID for an invalid package name, CONFLICT when its folder exists. */
export async function writeProject({ name, kind, cwd }: NewPlugin): Promise<PluginProject> {
  if (!npmName.test(name) || name.length > 214)
    throw new MillraceError(
      'CONFIG_INVALID',
      `${name} is not a valid name of an npm package: use small letters, digits and hyphens, after a scope such as @acme/ if needed.`,
    );
  const folder = join(cwd, name.slice(name.lastIndexOf('/') + 1));
  if ((await stat(folder).catch(() => undefined)) !== undefined)
    throw new MillraceError(
      'CONFLICT',
      `${folder} exists already; choose another name, or run the command in another folder.`,
    );
  const millrace = await millracePackage();
  const template = join(packageFolder(), 'templates/plugin', kind);
  const index = 'src/index.ts';
  const module = (await readFile(join(template, index), 'utf8')).replace(
    /(com\.example\.)Name/,
    `$1${componentName(name)}`,
  );
  const [className = ''] = /com\.example\.\w+/.exec(module) ?? [];
  await cp(template, folder, { recursive: true, errorOnExist: true, force: false });
  const generated: Readonly<Record<string, string>> = {
    [index]: module,
    'package.json': json(manifestOf(name, kind, millrace)),
    'tsconfig.json': json(tsconfig),
    '.gitignore': 'node_modules\ndist\n',
    'README.md': readme(name, kind, className),
  };
  for (const [path, text] of Object.entries(generated)) await writeFile(join(folder, path), text);
  const all = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = all.filter(entry => entry.isFile()).map(entry => relative(folder, join(entry.parentPath, entry.name)));
  return { folder, className, files: files.toSorted(), before: millrace.before };
}

interface MillracePackage {
  /** Dependency of a plugin on Millrace, for types and tests. */
  readonly dependency: string;
  readonly version: string;
  readonly tools: Readonly<Record<string, string>>;
  readonly before: readonly string[];
}

/** Describes Millrace as a dependency: a version in the registry, or the folder of a checkout, which must be built first. */
async function millracePackage(): Promise<MillracePackage> {
  const folder = packageFolder();
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
  const { version, devDependencies } = manifest;
  const checkout = import.meta.url.endsWith('.ts');
  const tools = ['@types/node', 'typescript', 'vitest'].map(tool => [tool, `^${devDependencies[tool] ?? ''}`]);
  return {
    dependency: checkout ? `file:${folder}` : `^${version}`,
    version,
    tools: Object.fromEntries(tools),
    before: checkout ? [`npm --prefix ${folder} run build`] : [],
  };
}

const manifestOf = (name: string, kind: Kind, { dependency, version, tools }: MillracePackage): object => ({
  name,
  version: '0.1.0',
  description: `A ${kind} for Millrace.`,
  keywords: ['millrace-plugin'],
  type: 'module',
  exports: { types: './dist/index.d.ts', default: './dist/index.js' },
  files: ['dist'],
  scripts: { build: 'tsc', test: 'vitest run', prepack: 'npm run build' },
  peerDependencies: { millrace: `^${version}` },
  devDependencies: Object.fromEntries(Object.entries({ ...tools, millrace: dependency }).toSorted()),
});

const tsconfig = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    rewriteRelativeImportExtensions: true,
    declaration: true,
    skipLibCheck: true,
    types: ['node'],
    rootDir: 'src',
    outDir: 'dist',
  },
  include: ['src'],
};

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

const readme = (name: string, kind: Kind, className: string): string => `# ${name}

A plugin for Millrace with one ${kind}: \`${className}\`. Replace \`com.example\` in \`src/index.ts\` by your own
package name.

\`\`\`sh
npm install
npm test         # the contract of every ${kind}, and your own tests
npm run build    # into dist, from which a worker loads it
\`\`\`

Then set the worker's plugin.path to this folder, or to \`${name}\` when the package is installed with the worker:

\`\`\`properties
plugin.path=/path/to/this/folder
\`\`\`
`;
