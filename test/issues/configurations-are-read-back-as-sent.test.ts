import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { TestWorker } from '../support/worker.ts';

/** Clients that declare a connector compare the configuration that they read with the one that they sent. */
const draw = generator(import.meta.url);
let hiding: TestWorker;
let showing: TestWorker;
beforeAll(async () => {
  [hiding, showing] = await Promise.all([
    TestWorker.start('hiding'),
    TestWorker.start('showing', () => ({ 'rest.show.passwords': 'true' })),
  ]);
});
afterAll(() => Promise.all([hiding, showing].map(worker => worker?.[Symbol.asyncDispose]())));

type Config = Readonly<Record<string, string>>;
const source = (more: Config): Config => ({
  'connector.class': 'FileStreamSource',
  file: join(hiding.folder, 'nothing'),
  topic: draw.topic(),
  ...more,
});
const numbered = (count: number, key: (i: number) => string, value: (i: number) => string): Config =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [key(i), value(i)]));

const configs: readonly (readonly [name: string, more: Config])[] = [
  ['a long value', { tables: Array.from({ length: 2000 }, (_, i) => `public.table_number_${i}`).join(',') }],
  [
    'many long values',
    numbered(
      40,
      i => `list.${i}`,
      i => `${i},`.repeat(3000),
    ),
  ],
  [
    'thousands of short values',
    numbered(
      2500,
      i => `x.key.number.${i}`,
      i => `value ${i}`,
    ),
  ],
  ['both', { ...numbered(2500, i => `x.${i}`, String), list: 'element,'.repeat(30_000) }],
];

test.each(configs)(
  '%s',
  async (_, more) => {
    const name = draw.connectorName();
    const sent = { ...source(more), name };
    const path = `/connectors/${encodeURIComponent(name)}`;
    const created = await hiding.call<{ config: Config }>('POST', '/connectors', { name, config: sent });
    expect(created.config).toEqual(sent);
    await eventually('it runs', async () => (await hiding.task(name))?.state === 'RUNNING');
    expect(await hiding.call('GET', `${path}/config`)).toEqual(sent);
    expect(await hiding.call('GET', path)).toMatchObject({ config: sent });
    const tasks = await hiding.call<{ config: Config }[]>('GET', `${path}/tasks`);
    expect(tasks[0]?.config).toMatchObject(sent);

    const [first = '', second = ''] = Object.keys(more);
    const patched = await hiding.call<{ config: Config }>('PATCH', `${path}/config`, {
      [first]: 'new',
      [second]: null,
    });
    const { [second]: removed, ...left } = sent as Config;
    expect(patched.config).toEqual({ ...left, [first]: 'new' });
    expect(await hiding.call('GET', `${path}/config`)).toEqual({ ...left, [first]: 'new' });
    expect(await hiding.call('PUT', `${path}/config`, sent)).toMatchObject({ config: sent });
    await eventually('it runs', async () => (await hiding.task(name))?.state === 'RUNNING');
  },
  60_000,
);

test('a password is returned as sent or as a placeholder that can be sent back', async () => {
  const password = { 'producer.override.ssl.keystore.password': 'a password' };
  const [key = ''] = Object.keys(password);
  for (const worker of [hiding, showing]) {
    const name = draw.connectorName();
    const path = `/connectors/${encodeURIComponent(name)}/config`;
    const sent = { ...source(password), name };
    await worker.create(name, sent);
    const read = await worker.call<Config>('GET', path);
    const shown = worker === showing ? 'a password' : expect.stringMatching(/^\$\{secret:[-0-9a-f]{36}\}$/);
    expect(read).toEqual({ ...sent, [key]: shown });
    for (const again of [read, sent])
      expect(await worker.call('PUT', path, again)).toMatchObject({ config: { ...sent, [key]: read[key] } });
  }
});

test('simultaneous PUTs of one configuration give one configuration', async () => {
  const name = draw.connectorName();
  const sent = source({});
  const answers = await Promise.all(
    Array.from({ length: 6 }, () =>
      fetch(`${hiding.url}/connectors/${encodeURIComponent(name)}/config`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(sent),
      }),
    ),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
});
