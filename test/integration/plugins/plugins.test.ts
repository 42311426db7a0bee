import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { packageFolder } from '../../../src/package-folder.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import type { StatusInfo } from '../../../src/temporal/control/control.ts';
import { eventually } from '../../support/eventually.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

/** A worker with the sample plugin, and another plugin that fails to load. */
const group = uniqueName('plugins');
const name = (what: string) => `${group}-${what}`;
const placeholder = (key: string) => `$\{json:${join(folder, 'secrets.json')}:${key}}`;
let folder: string;
let worker: WorkerProcess;

const url = (path: string) => `${worker.url}${path}`;
const logText = () => readFile(join(folder, `worker-${new URL(worker.url).port}.log`), 'utf8');
const refusal = (method: string, path: string, body?: unknown): Promise<string> =>
  call(method, url(path), body).then(
    () => expect.fail(`${method} ${path} is taken`),
    (error: Error) => error.message,
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-plugins-it-'));
  const plugins = join(folder, 'plugins');
  await cp(join(packageFolder(), 'examples/plugin-spool'), join(plugins, 'spool'), { recursive: true });
  await mkdir(join(plugins, 'broken'));
  await writeFile(join(plugins, 'broken/index.mjs'), `throw new Error('its licence has run out');`);
  await writeFile(
    join(plugins, 'late.ts'),
    `import { defineConfig, definePlugin, stringKey } from 'millrace/api';
     const boom = (): never => { throw new TypeError('something of its own'); };
     const config = defineConfig({ 'at.last': stringKey({ doc: 'Unused.', default: '' }) });
     export const plugin = definePlugin({
       version: '7.0.0',
       transforms: [
         { className: 'late.Load', load: boom },
         { className: 'late.Check', load: () => ({ config: { keys: config.keys, check: boom }, create: boom }) },
         { className: 'late.Create', load: () => ({ config, create: boom }) },
       ],
       sources: [{ className: 'late.Source', load: () => ({ kind: 'source', config, plan: boom, task: boom, validate: boom }) }],
       configProviders: [{ className: 'late.Provider', load: () => ({ config, create: boom }) }],
     });`,
  );
  await writeFile(
    join(folder, 'secrets.json'),
    JSON.stringify({ mask: 'xxxx-hidden', folders: { in: join(folder, 'in') } }),
  );
  for (const one of ['in', 'out']) await mkdir(join(folder, one));
  const properties = {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': name('offsets'),
    'config.storage.topic': name('configs'),
    'temporal.address': servers().temporal,
    'plugin.path': `${plugins},${join(folder, 'nowhere')},`,
    'config.providers': 'json,late',
    'config.providers.json.class': 'com.example.spool.JsonFileConfigProvider',
    'config.providers.late.class': 'Provider',
    'key.converter': 'StringConverter',
    'value.converter': 'StringConverter',
  };
  worker = await startWorkerProcess(folder, await freePort(), properties, { args: ['--processes', '2'] });
});
afterAll(async () => {
  await worker?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('all kinds of plugins are listed with their versions and keys', async () => {
  const all = await call<{ class: string; type: string; version: string }[]>(
    'GET',
    url('/connector-plugins?connectorsOnly=false'),
  );
  const spool = (type: string, one: string) => ({ class: `com.example.spool.${one}`, type, version: '0.1.0' });
  expect(all).toEqual(
    expect.arrayContaining([
      spool('source', 'SpoolSourceConnector'),
      spool('sink', 'SpoolSinkConnector'),
      spool('transformation', 'MaskEmail'),
      spool('predicate', 'ValueMatches'),
      spool('converter', 'FormConverter'),
      spool('header_converter', 'FormConverter'),
      { class: 'late.Create', type: 'transformation', version: '7.0.0' },
    ]),
  );
  const connectors = await call<{ class: string }[]>('GET', url('/connector-plugins'));
  expect(connectors.map(one => one.class)).toEqual(expect.arrayContaining([spool('', 'SpoolSinkConnector').class]));
  for (const [plugin, keys] of [
    ['com.example.spool.SpoolSourceConnector', ['path', 'topic']],
    ['SpoolSink', ['path']],
    ['MaskEmail', ['field', 'mask']],
    ['com.example.spool.ValueMatches', ['pattern']],
    ['Form', ['converter.type']],
  ] as const) {
    const listedKeys = await call<{ name: string }[]>('GET', url(`/connector-plugins/${plugin}/config`));
    expect(listedKeys.map(key => key.name)).toEqual(expect.arrayContaining([...keys]));
  }
  const { configs } = await call<{ configs: { value: { name: string; value: string; errors: string[] } }[] }>(
    'PUT',
    url('/connector-plugins/SpoolSource/config/validate'),
    { name: 'x', 'connector.class': 'SpoolSource', path: join(folder, 'absent'), topic: 't' },
  );
  const value = (key: string) => configs.find(one => one.value.name === key)?.value;
  expect(value('connector.plugin.version')?.value).toBe('0.1.0');
  expect(value('path')?.errors).toEqual([expect.stringContaining('absent cannot be read: ENOENT')]);
});

test('a plugin that fails to load is named in the log, and the worker runs', async () => {
  await eventually(
    'both processes have loaded the plugin',
    async () => (await logText()).match(/spool".*plugin loaded/g)?.length === 2,
  );
  const lines = (await logText())
    .split('\n')
    .filter(line => line.includes('"logger":"plugins"') || line.includes('skipped'));
  const text = lines.join('\n');
  expect(text).toMatch(/plugins\/broken".*its licence has run out.*plugin cannot be loaded, skipped/);
  expect(text).toMatch(/nowhere".*There is no such folder or file/);
  expect(await logText()).toMatch(/"provider":"late".*something of its own.*configuration provider cannot be used/);
});

test('a source, a transform with a predicate, a converter and a provider copy files between folders', async () => {
  const topic = name('mail');
  await call('POST', url('/connectors'), {
    name: name('source'),
    config: { 'connector.class': 'com.example.spool.SpoolSourceConnector', path: placeholder('folders.in'), topic },
  });
  await call('POST', url('/connectors'), {
    name: name('sink'),
    config: {
      'connector.class': 'SpoolSink',
      topics: topic,
      path: join(folder, 'out'),
      'value.converter': 'com.example.spool.FormConverter',
      transforms: 'mask',
      'transforms.mask.type': 'MaskEmail',
      'transforms.mask.field': 'mail',
      'transforms.mask.mask': placeholder('mask'),
      'transforms.mask.predicate': 'private',
      predicates: 'private',
      'predicates.private.type': 'com.example.spool.ValueMatches',
      'predicates.private.pattern': 'public=no',
    },
  });
  const put = async (file: string, text: string) => {
    await writeFile(join(folder, 'in', `.${file}`), text);
    await rename(join(folder, 'in', `.${file}`), join(folder, 'in', file));
  };
  await put('0001', 'mail=ada%40example.com&public=no');
  await put('0002', 'mail=info%40example.com&public=yes');
  const out = () => readdir(join(folder, 'out')).then(names => names.filter(one => !one.startsWith('.')).toSorted());
  const files = await eventually('both files are copied', async () => {
    const names = await out();
    return names.length === 2 ? names : undefined;
  });
  expect(files).toEqual([`${topic}-0-${'0'.repeat(16)}.txt`, `${topic}-0-${'0'.repeat(15)}1.txt`]);
  const texts = await Promise.all(files.map(file => readFile(join(folder, 'out', file), 'utf8')));
  expect(texts.map(text => JSON.parse(text))).toEqual([
    { mail: 'xxxx-hidden@example.com', public: 'no' },
    { mail: 'info@example.com', public: 'yes' },
  ]);

  // Its offset is stored, and does not contain the placeholder's value.
  await call('PUT', url(`/connectors/${name('source')}/stop`));
  const { offsets } = await eventually('its offsets are listed', () =>
    call<{ offsets: unknown[] }>('GET', url(`/connectors/${name('source')}/offsets`)),
  );
  // The folder came from a configuration provider, whose values are secrets.
  expect(offsets).toEqual([{ partition: { spool: '[hidden]' }, offset: { file: '0002' } }]);
  await put('0003', 'mail=bob%40example.com&public=no');
  await call('PUT', url(`/connectors/${name('source')}/resume`));
  await eventually('the third file is copied, and none twice', async () => (await out()).length === 3);
  expect(JSON.stringify(await call('GET', url(`/connectors/${name('sink')}`)))).not.toContain('xxxx-hidden');
  for (const one of ['source', 'sink']) await call('DELETE', url(`/connectors/${name(one)}`));
});

describe('a component that throws', () => {
  const sink = () => ({ 'connector.class': 'SpoolSink', topics: name('none'), path: join(folder, 'none') });
  const withTransform = (type: string) => ({ ...sink(), transforms: 't', 'transforms.t.type': type });

  test.each([
    [
      'when it is loaded',
      () => withTransform('late.Load'),
      'late.Load of a plugin cannot be loaded: something of its own',
    ],
    [
      'when its configuration is validated',
      () => withTransform('late.Check'),
      'late.Check of a plugin cannot check its configuration',
    ],
    [
      'when servers are queried',
      () => ({ 'connector.class': 'late.Source' }),
      'late.Source of a plugin cannot check its configuration',
    ],
    [
      'as a configuration provider',
      () => ({ ...sink(), path: '$' + '{late:x:y}' }),
      'The configuration provider late cannot be used',
    ],
  ])('%s is a 400 with a message', async (_when, config, sentence) => {
    const message = await refusal('POST', '/connectors', { name: name('wrong'), config: config() });
    expect(message).toContain(' 400 ');
    expect(message).toContain(sentence);
  });

  test('when its keys are requested', async () => {
    const message = await refusal('GET', '/connector-plugins/late.Load/config');
    expect(message).toContain(' 400 ');
    expect(message).toContain('late.Load of a plugin cannot be loaded: something of its own');
  });

  test('when it is created for a task: the task has FAILED with a message, and another runs', async () => {
    await call('POST', url('/connectors'), { name: name('late'), config: withTransform('late.Create') });
    await call('POST', url('/connectors'), { name: name('fine'), config: sink() });
    const status = (one: string) => call<StatusInfo>('GET', url(`/connectors/${name(one)}/status`));
    const failed = await eventually('it has failed', async () => {
      const [task] = (await status('late')).tasks;
      return task?.state === 'FAILED' ? task : undefined;
    });
    expect(failed.trace).toContain('late.Create of a plugin cannot be created: something of its own');
    await eventually('the other connector runs', async () => (await status('fine')).tasks[0]?.state === 'RUNNING');
    for (const one of ['late', 'fine']) await call('DELETE', url(`/connectors/${name(one)}`));
  });
});
