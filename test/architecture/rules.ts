import { matchesGlob } from 'node:path';
import type { Import } from './imports.ts';

/** Allowed imports of the modules of one part. */
export interface Rule {
  readonly part: string;
  /** Globs relative to the repository. The first rule that matches a file applies. */
  readonly files: readonly string[];
  /** Globs of files; packages; `node:*`. `{own}` is the subfolder of the part that contains the file. */
  readonly may: readonly string[];
  /** Allowed only as types, which are erased at run time. */
  readonly mayAsTypes?: readonly string[];
  /** Allowed only through `import()`. */
  readonly mayLazily?: readonly string[];
}

/** Packages that only one part may import. */
const temporal = '@temporalio/*';
const libraries = ['zod', 'pg', 'pg-*', 'mysql2', '@node-rs/*', 'snappy', 'lz4-napi'];

const contract = ['src/api/**', 'src/errors.ts'];
const components = ['src/transforms/**', 'src/predicates/**', 'src/converters/**'];

/** Order of the design: api ← config ← components ← engine ← activities ← roots. */
export const rules: readonly Rule[] = [
  { part: 'api', files: ['src/api/**'], may: ['src/api/**'] },
  { part: 'errors', files: ['src/errors.ts'], may: [] },
  { part: 'failure reports', files: ['src/failure-report.ts'], may: ['src/errors.ts'] },
  { part: 'config', files: ['src/config/**'], may: ['src/config/**', ...contract, 'zod', 'croner', 're2js', 'node:*'] },
  { part: 'data', files: ['src/data/**'], may: ['src/data/**', ...contract, 'node:*'] },
  { part: 'names of Debezium', files: ['src/debezium/**'], may: ['src/debezium/**'] },
  {
    part: 'change data capture',
    files: ['src/cdc/**'],
    may: [
      'src/cdc/**',
      'src/debezium/**',
      'src/data/**',
      'src/config/spec.ts',
      'src/config/java-regex/index.ts',
      ...contract,
      'node:*',
    ],
  },
  {
    part: 'databases',
    files: ['src/databases/**'],
    may: ['src/databases/**', ...contract, 'pg', 'node:*'],
  },
  {
    part: 'components',
    files: components,
    may: [...components, 'src/data/**', 'src/config/**', ...contract, ...libraries, 'node:*'],
  },
  {
    part: 'the connector index',
    files: ['connectors/index.ts'],
    may: contract,
    mayAsTypes: ['src/config/worker-config/file-access.ts'],
    mayLazily: ['connectors/*/index.ts'],
  },
  {
    part: 'a connector',
    files: ['connectors/**'],
    may: [
      '{own}/**',
      'src/cdc/**',
      'src/debezium/**',
      'src/databases/**',
      'src/data/**',
      'src/config/**',
      ...contract,
      ...libraries,
      'node:*',
    ],
  },
  {
    part: 'engine',
    files: ['src/engine/**'],
    may: ['src/engine/**', ...components, 'src/config/**', ...contract, 'node:*'],
    mayAsTypes: ['src/kafka/port.ts'],
  },
  {
    part: 'kafka',
    files: ['src/kafka/**'],
    may: ['src/kafka/**', 'src/config/**', ...contract, 'kafkajs', ...libraries, 'node:*'],
  },
  {
    part: 'what plugins import',
    files: ['src/public.ts'],
    may: [...contract, 'src/config/spec.ts'],
  },
  {
    part: 'contract tests',
    files: ['src/testing/**'],
    may: ['src/testing/**', ...contract, 'node:*'],
  },
  {
    part: 'plugin loading',
    files: ['src/plugins/**'],
    may: ['src/plugins/**', 'src/config/**', ...contract, 'src/package-folder.ts', 'zod', 'node:*'],
    mayAsTypes: ['connectors/index.ts'],
  },
  {
    part: 'the plugin registry',
    files: ['src/plugins.ts'],
    may: [
      'connectors/index.ts',
      'src/plugins/**',
      ...components,
      'src/config/**',
      ...contract,
      'src/package-folder.ts',
      'node:*',
    ],
  },
  {
    part: 'workflows',
    files: ['workflows/**'],
    may: ['workflows/**', '@temporalio/workflow'],
    mayAsTypes: ['activities/index.ts', '@temporalio/common'],
  },
  {
    part: 'connector services',
    files: ['src/connector/**'],
    may: [
      'src/connector/**',
      'connectors/index.ts',
      'src/engine/**',
      ...components,
      'src/config/**',
      ...contract,
      'workflows/shared/messages.ts',
      'node:*',
    ],
    mayAsTypes: ['src/kafka/port.ts', 'src/plugins.ts'],
  },
  {
    part: 'activities',
    files: ['activities/**'],
    may: [
      'activities/**',
      'src/config/connector-config/schedule.ts',
      ...contract,
      'src/data-plane/heartbeat-ticker.ts',
      'src/data-plane/host-lost.ts',
      'src/data-plane/remote-error.ts',
      'src/failure-report.ts',
      'src/temporal/failure.ts',
      'workflows/shared/messages.ts',
      '@temporalio/activity',
      '@temporalio/common',
      'node:*',
    ],
    mayAsTypes: ['src/connector/**', 'src/data-plane/messages.ts'],
  },
  {
    part: 'data plane',
    files: ['src/data-plane/**'],
    may: [
      'src/data-plane/**',
      'src/connector/task/progress.ts',
      'src/config/secrets/redaction.ts',
      'src/failure-report.ts',
      ...contract,
      'node:*',
    ],
    mayAsTypes: ['src/connector/**', 'src/engine/**'],
  },
  {
    part: 'temporal',
    files: ['src/temporal/**'],
    may: [
      'src/temporal/**',
      'src/config/**',
      'src/data-plane/temporal-contact.ts',
      'src/failure-report.ts',
      ...contract,
      'workflows/shared/messages.ts',
      temporal,
      'node:*',
    ],
    mayAsTypes: ['activities/index.ts'],
  },
  {
    part: 'observability',
    files: ['src/observability/**'],
    may: ['src/observability/**', ...contract, 'pino', 'prom-client', 'node:*'],
    mayAsTypes: ['src/engine/observer.ts'],
  },
  {
    part: 'rest',
    files: ['src/rest/**'],
    may: [
      'src/rest/**',
      'src/observability/**',
      'src/config/**',
      ...contract,
      'workflows/shared/messages.ts',
      'fastify',
      '@fastify/*',
      'zod',
      'node:*',
    ],
    mayAsTypes: ['src/temporal/control/control.ts'],
  },
  {
    part: 'processes',
    files: ['src/processes/**'],
    may: ['src/processes/**', ...contract, 'node:*'],
  },
  {
    part: 'client',
    files: ['src/client/**'],
    may: [
      'src/client/**',
      'src/temporal/control/control-client.ts',
      'src/config/**',
      ...contract,
      'connectors/index.ts',
      'workflows/shared/messages.ts',
      '@temporalio/client',
    ],
    mayAsTypes: ['src/temporal/control/control.ts'],
  },
  { part: 'console', files: ['src/console/**'], may: ['src/console/**'] },
  {
    part: 'stack',
    files: ['src/stack/**'],
    may: ['src/stack/**', 'src/errors.ts', 'src/package-folder.ts', 'workflows/shared/messages.ts', 'node:*'],
    mayLazily: ['pg', 'mysql2'],
  },
  {
    part: 'cli',
    files: ['src/cli/**'],
    may: [
      'src/cli/**',
      'src/stack/**',
      'src/config/**',
      'src/errors.ts',
      'src/package-folder.ts',
      'workflows/shared/messages.ts',
      'commander',
      'node:*',
    ],
    mayAsTypes: ['src/temporal/control/control.ts', 'src/api/**'],
    mayLazily: ['src/worker.ts', 'src/worker-processes.ts', 'src/processes/member.ts', 'src/demo/**'],
  },
];

/** The composition roots: they may import anything, and only they construct clients. */
export const roots: readonly string[] = [
  'src/worker.ts',
  'src/worker/**',
  'src/task-host.ts',
  'src/engine-services.ts',
  'src/connector-services.ts',
  'src/worker-processes.ts',
  'src/server.ts',
  'src/admission.ts',
  'src/package-folder.ts',
  'src/cli.ts',
  'src/demo/**',
];

/** Imports of a file that its rule does not allow, one sentence each. */
export function violations(file: string, imports: readonly Import[]): string[] {
  if (roots.some(glob => matchesGlob(file, glob))) return [];
  const rule = rules.find(({ files }) => files.some(glob => matchesGlob(file, glob)));
  if (rule === undefined) return [`${file}: belongs to no part; name it in test/architecture/rules.ts`];
  return imports
    .filter(({ target, typeOnly, dynamic }) => {
      const allowed = [
        ...rule.may,
        ...(typeOnly ? (rule.mayAsTypes ?? []) : []),
        ...(dynamic ? (rule.mayLazily ?? []) : []),
      ];
      return !allowed.some(pattern => matches(file, target, pattern));
    })
    .map(({ target }) => `${file}: ${rule.part} may not import ${target}`);
}

function matches(file: string, target: string, pattern: string): boolean {
  if (pattern === 'node:*') return target.startsWith('node:');
  const ownFolder = file.split('/').slice(0, 2).join('/');
  return matchesGlob(target, pattern.replace('{own}', ownFolder));
}

/** Import cycles, each once, starting with its first name. Type imports and lazy imports are ignored. */
export function cycles(modules: ReadonlyMap<string, readonly Import[]>): string[][] {
  const cyclesByStart = new Map<string, string[]>();
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      const ring = path.slice(start);
      const first = ring.indexOf([...ring].sort()[0] ?? '');
      const cycle = [...ring.slice(first), ...ring.slice(0, first)];
      cyclesByStart.set(cycle.join(), cycle);
      return;
    }
    if (done.has(file)) return;
    for (const { target, typeOnly, dynamic } of modules.get(file) ?? []) {
      if (!typeOnly && !dynamic && modules.has(target)) visit(target, [...path, file]);
    }
    done.add(file);
  };
  for (const file of modules.keys()) visit(file, []);
  return [...cyclesByStart.values()];
}
