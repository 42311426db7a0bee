import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Loggers } from '../../src/observability/loggers.ts';
import { Metrics } from '../../src/observability/metrics.ts';
import { packageFolder } from '../../src/package-folder.ts';
import { findProgram } from '../../src/stack/process/commands.ts';
import { steps } from '../contract/connect-rest/cases.ts';
import { info, status } from './recording-control.ts';
import { restApp } from './rest-app.ts';

const page = readFileSync(join(packageFolder(), 'docs/reference/rest-api.md'), 'utf8');
const metrics = new Metrics().registry;
const { app } = restApp(
  {
    list: async () => ['shop'],
    create: async (name, config) => info(name, config),
    configure: async (name, config) => ({ info: info(name, config), created: false }),
    info: async name => info(name),
    status: async name => status(name),
    restart: async name => status(name),
    tasks: async () => [],
    pause: async () => undefined,
    resume: async () => undefined,
    stop: async () => undefined,
    delete: async () => undefined,
    restartTask: async () => undefined,
    patch: async name => info(name),
    topics: async () => [],
    resetTopics: async () => undefined,
    alterOffsets: async () => ({ byConnector: true }),
  },
  {
    metrics: async () => ({ contentType: metrics.contentType, body: await metrics.metrics() }),
    loggers: new Loggers(pino({ level: 'silent' })),
    plugins: {
      list: () => [],
      taskClass: () => undefined,
      keys: async () => [],
      validate: async name => ({ name, error_count: 0, groups: [], configs: [] }),
    },
  },
);
let url: string;

beforeAll(async () => {
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

const endpoints = [...page.matchAll(/^\| `(GET|POST|PUT|PATCH|DELETE) (\S+)` \|/gm)].map(
  ([, method = '', path = '']) => [method, path] as const,
);

test.each(endpoints)('%s %s is served', async (method, path) => {
  const url = path
    .replace('{name}', 'shop')
    .replace('{task}', '0')
    .replace('{plugin}', 'X')
    .replace('{logger}', 'root');
  const { statusCode, body } = await app.inject({ method: method as 'GET', url });
  expect(body).not.toContain('HTTP 404');
  expect(statusCode).not.toBe(405);
  expect(statusCode).toBeLessThan(500);
});

test('the page lists every path of the server', () => {
  const paths = app
    .printRoutes({ commonPrefix: false, includeHooks: false })
    .split('\n')
    .filter(line => /\((?=.*(GET|POST|PUT|PATCH|DELETE))/.test(line)).length;
  // The numbers differ if the page lacks a path.
  expect(new Set(endpoints.map(([, path]) => path)).size).toBe(paths);
});

test('the page lists every difference from Kafka Connect that the contract test allows', () => {
  const text = page.replace(/\s+/g, ' ');
  const whys = new Set(steps.flatMap(({ differs }) => differs?.reason.replaceAll('’', "'") ?? []));
  expect([...whys].filter(why => !text.includes(why))).toEqual([]);
});

describe('the examples', async () => {
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  const examples = blocks.flatMap(text => text.split(/\n(?=curl )/));

  test('are requests with curl', () => {
    expect(examples.length).toBeGreaterThan(10);
    for (const example of examples) expect(example).toMatch(/^curl /);
  });

  test.skipIf((await findProgram('curl')) === undefined).each(examples)('%s', async example => {
    const command = example.replace('curl ', 'curl -sS --fail-with-body ').replaceAll('http://localhost:8083', url);
    const { stderr } = await promisify(execFile)('sh', ['-c', command]);
    expect(stderr).toBe('');
  });
});
