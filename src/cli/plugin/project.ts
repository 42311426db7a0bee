import { cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { MillraceError } from '../../errors.ts';
import { packageFolder } from '../../package-folder.ts';
import { componentName, type Kind } from './names.ts';

export interface NewPlugin {
  /** Of the npm package. */
  readonly name: string;
  readonly kind: Kind;
  /** Where its folder is made. */
  readonly cwd: string;
}

export interface Written {
  readonly folder: string;
  readonly className: string;
  /** Paths in the folder. */
  readonly files: readonly string[];
  /** What must be done before its packages can be installed. */
  readonly before: readonly string[];
}

interface Manifest {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** What npm takes as a name: https://docs.npmjs.com/cli/configuring-npm/package-json#name */
const npmName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

/** Writes a plugin's package. CONFIG_INVALID for a name that npm would not take, CONFLICT where its folder is there. */
export async function writeProject({ name, kind, cwd }: NewPlugin): Promise<Written> {
  if (!npmName.test(name) || name.length > 214)
    throw new MillraceError(
      'CONFIG_INVALID',
      `${name} is no name for an npm package: small letters, digits and hyphens, with a scope such as @acme/ before it where wanted.`,
    );
  const folder = join(cwd, name.slice(name.lastIndexOf('/') + 1));
  if ((await stat(folder).catch(() => undefined)) !== undefined)
    throw new MillraceError('CONFLICT', `${folder} is there already; choose another name, or another folder to be in.`);
  const own = await ownPackage();
  const template = join(packageFolder(), 'templates/plugin', kind);
  const index = 'src/index.ts';
  const module = (await readFile(join(template, index), 'utf8')).replace(
    /(com\.example\.)Name/,
    `$1${componentName(name)}`,
  );
  const [className = ''] = /com\.example\.\w+/.exec(module) ?? [];
  await cp(template, folder, { recursive: true, errorOnExist: true, force: false });
  const written: Readonly<Record<string, string>> = {
    [index]: module,
    'package.json': json(manifestOf(name, kind, own)),
    'tsconfig.json': json(tsconfig),
    '.gitignore': 'node_modules\ndist\n',
    'README.md': readme(name, kind, className),
  };
  for (const [path, text] of Object.entries(written)) await writeFile(join(folder, path), text);
  const all = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = all.filter(one => one.isFile()).map(one => relative(folder, join(one.parentPath, one.name)));
  return { folder, className, files: files.toSorted(), before: own.before };
}

interface OwnPackage {
  /** The dependency that gives a plugin its types and tests. */
  readonly dependency: string;
  readonly version: string;
  readonly tools: Readonly<Record<string, string>>;
  readonly before: readonly string[];
}

/** A published Millrace is asked of the registry; a checkout is itself the package, as soon as it has been built. */
async function ownPackage(): Promise<OwnPackage> {
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

const manifestOf = (name: string, kind: Kind, { dependency, version, tools }: OwnPackage): object => ({
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

A plugin for Millrace with one ${kind}: \`${className}\`. Give it a package name of your own in the place of
\`com.example\`, in \`src/index.ts\`.

\`\`\`sh
npm install
npm test         # the contract that every ${kind} keeps, and what you add
npm run build    # into dist, which is what a worker loads
\`\`\`

Then name this folder, or, where the package is installed beside the worker, \`${name}\`, in the worker's properties:

\`\`\`properties
plugin.path=/path/to/this/folder
\`\`\`
`;
