import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageFolder } from '../../src/package-folder.ts';
import { importsOf, readImports } from './imports.ts';
import { cycles, roots, rules, violations } from './rules.ts';

const files = globSync('{src,workflows,activities,connectors}/**/*.ts', { cwd: packageFolder() });
const modules = await readImports(files);

test('modules import only what their part allows', () => {
  expect([...modules].flatMap(([file, imports]) => violations(file, imports))).toEqual([]);
});

test('modules do not import each other in a cycle', () => {
  expect(cycles(modules).map(ring => ring.join(' → '))).toEqual([]);
});

test('each file pattern of the rules matches a file', () => {
  const parts = [
    'api',
    'config',
    'a connector',
    'engine',
    'kafka',
    'workflows',
    'activities',
    'temporal',
    'rest',
    'cli',
    'stack',
  ];
  const patterns = rules.filter(({ files: globs }) => globSync([...globs], { cwd: packageFolder() }).length > 0);
  expect(patterns.map(({ part }) => part)).toEqual(expect.arrayContaining(parts));
  for (const root of roots) expect(globSync(root, { cwd: packageFolder() }).length, root).toBeGreaterThan(0);
});

test('text is compiled to a regular expression only where its run time is limited', () => {
  const dynamic = files.filter(file => /\bRegExp\(/.test(readFileSync(join(packageFolder(), file), 'utf8')));
  expect(dynamic.filter(file => !file.startsWith('src/config/java-regex/'))).toEqual([]);
});

describe('violations of the rules', () => {
  const breach = (file: string, source: string): string[] => violations(file, importsOf(file, source));

  test.each([
    ['src/api/record.ts', "import { MillraceError } from '../errors.ts';", 'src/errors.ts'],
    ['src/api/record.ts', "import type { Readable } from 'node:stream';", 'node:stream'],
    ['src/errors.ts', "import { z } from 'zod';", 'zod'],
    ['src/config/spec.ts', "import { findConnector } from '../../connectors/index.ts';", 'connectors/index.ts'],
    [
      'src/converters/json/json-converter.ts',
      "import { run } from '../../engine/source/run-source.ts';",
      'src/engine/source/run-source.ts',
    ],
    ['connectors/postgresql/reader.ts', "import { Kafka } from 'kafkajs';", 'kafkajs'],
    [
      'connectors/postgresql/reader.ts',
      "import type { KafkaClient } from '../../src/kafka/port.ts';",
      'src/kafka/port.ts',
    ],
    ['connectors/postgresql/reader.ts', "export * from '../../src/engine/observer.ts';", 'src/engine/observer.ts'],
    ['connectors/postgresql/a/b.ts', "import { x } from '../../jdbc-sink/x.ts';", 'connectors/jdbc-sink/x.ts'],
    ['connectors/postgresql/reader.ts', "const t = await import('@temporalio/activity');", '@temporalio/activity'],
    ['connectors/index.ts', "import { connector } from './postgresql/index.ts';", 'connectors/postgresql/index.ts'],
    ['src/engine/sink/run-sink.ts', "import { Context } from '@temporalio/activity';", '@temporalio/activity'],
    [
      'src/engine/sink/run-sink.ts',
      "import { kafkaClient } from '../../kafka/client/client.ts';",
      'src/kafka/client/client.ts',
    ],
    ['src/engine/sink/run-sink.ts', "import { port } from '../../kafka/port.ts';", 'src/kafka/port.ts'],
    ['workflows/connector/workflow.ts', "import { plan } from '../../activities/index.ts';", 'activities/index.ts'],
    ['workflows/connector/workflow.ts', "import { Client } from '@temporalio/client';", '@temporalio/client'],
    ['workflows/connector/workflow.ts', "import { readFile } from 'node:fs/promises';", 'node:fs/promises'],
    [
      'src/connector/operations.ts',
      "import { kafkaClient } from '../kafka/client/client.ts';",
      'src/kafka/client/client.ts',
    ],
    [
      'src/connector/operations.ts',
      "import { connector } from '../../connectors/postgresql/index.ts';",
      'connectors/postgresql/index.ts',
    ],
    [
      'src/rest/server.ts',
      "import { temporalControl } from '../temporal/control/control-client.ts';",
      'src/temporal/control/control-client.ts',
    ],
    ['src/rest/server.ts', "import { Client } from '@temporalio/client';", '@temporalio/client'],
    ['src/rest/server.ts', "import { run } from '../engine/source/run-source.ts';", 'src/engine/source/run-source.ts'],
    ['src/cli/connectors.ts', "import { kafkaClient } from '../kafka/client/client.ts';", 'src/kafka/client/client.ts'],
    ['src/cli/worker.ts', "import { startWorker } from '../worker.ts';", 'src/worker.ts'],
    ['src/kafka/client/client.ts', "import { Runtime } from '@temporalio/worker';", '@temporalio/worker'],
  ])('%s: %s', (file, source, target) => {
    expect(breach(file, source)).toEqual([expect.stringMatching(new RegExp(`^${file}: .* may not import ${target}$`))]);
  });

  test.each([
    ['connectors/postgresql/reader.ts', "import pg from 'pg';\nimport { x } from './types/x.ts';"],
    ['connectors/postgresql/reader.ts', "import type { SourceConnector } from '../../src/api/index.ts';"],
    ['workflows/connector/workflow.ts', "import type {\n  TaskActivities,\n} from '../../activities/index.ts';"],
    ['src/engine/sink/run-sink.ts', "import type { Reader } from '../../kafka/port.ts';"],
    ['src/cli/worker.ts', "const { startWorker } = await import('../worker.ts');"],
    ['src/worker.ts', "import { Client } from '@temporalio/client';"],
    ['workflows/connector/workflow.ts', "/* as in: import { x } from 'node:fs'; */\n// import 'pg';"],
  ])('allowed, %s: %s', (file, source) => {
    expect(breach(file, source)).toEqual([]);
  });

  test('a file outside of all parts', () => {
    expect(breach('src/odds-and-ends.ts', '')).toEqual([expect.stringContaining('belongs to no part')]);
  });

  test('a cycle of three files, reported once, and none through a type import', () => {
    const importing = (target: string, typeOnly = false) => [{ target, typeOnly, dynamic: false }];
    const ring = new Map([
      ['b.ts', importing('c.ts')],
      ['c.ts', importing('a.ts')],
      ['a.ts', importing('b.ts')],
      ['d.ts', importing('b.ts')],
    ]);
    expect(cycles(ring)).toEqual([['a.ts', 'b.ts', 'c.ts']]);
    expect(
      cycles(
        new Map([
          ['a.ts', importing('b.ts')],
          ['b.ts', importing('a.ts', true)],
        ]),
      ),
    ).toEqual([]);
  });
});
