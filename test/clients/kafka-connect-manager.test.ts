import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { uniqueName } from '../support/topic.ts';
import { InstalledClient, type Library } from './python-client.ts';
import { FileSource, folder, targets } from './targets.ts';

/** The program prints tables as wide as the terminal; it accepts names of letters, digits and hyphens. */
const draw = generator(import.meta.url);
const client = await InstalledClient.of('kafka-connect-manager');
const terminal = { COLUMNS: '500' };

describe.each(targets)('kafka-connect-manager works with $server', ({ url }) => {
  let library: Library;
  let source: FileSource;
  let name: string;
  beforeAll(async () => {
    const prepare = 'import os\nos.environ.update(terminal)\nfrom kafka_connect_manager.cli import app';
    library = await client.library(prepare, { terminal });
    source = await FileSource.drawn(draw, `manager${uniqueName('').replaceAll('_', '')}`);
    name = source.name;
  });
  afterAll(async () => {
    await fetch(`${url}/connectors/${name}`, { method: 'DELETE' });
    await library?.[Symbol.asyncDispose]();
  });

  const run = (...args: string[]) => library.program('app', '--host', `${url}/`, ...args);
  const command = async (...args: string[]) => {
    const { status, stdout, stderr } = await run(...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  };
  const fileOf = async (content: unknown) => {
    const file = join(folder, `${uniqueName('config')}.json`);
    await writeFile(file, JSON.stringify(content));
    return file;
  };
  const row = (...cells: string[]) => new RegExp(cells.join('\\s*│\\s*'));
  const shows = (state: string) =>
    eventually(`${name} is ${state}`, async () => {
      const printed = await command('status', '--connector', name);
      return printed.includes(`State - ${state}`) && row('0', state, '127\\.0\\.0\\.1:\\d+').test(printed) && printed;
    });

  test('it adds, lists and updates a connector', async () => {
    const added = await command('add', '--file', await fileOf({ name, config: source.config }));
    expect(added).toContain(`Connector Registered: ${name}`);
    expect(await shows('RUNNING')).toContain(`Name - ${name}`);
    expect(await command('list')).toMatch(row(name, 'source', 'FileStreamSourceConnector', '1'));
    expect(await command('list', '--type', 'source')).toContain(name);
    expect(await command('list', '--type', 'sink')).not.toContain(name);
    const update = ['update', name, '--file', await fileOf({ name, config: { ...source.config, 'batch.size': '9' } })];
    expect(await command(...update)).toContain(`Connector Updated: ${name}`);
    expect(await (await fetch(`${url}/connectors/${name}/config`)).json()).toMatchObject({ 'batch.size': '9' });
    await shows('RUNNING');
  });

  test('it sends a list in a configuration as text', async () => {
    await command('update', name, '--file', await fileOf({ name, config: { ...source.config, note: ['a', 'b'] } }));
    expect(await (await fetch(`${url}/connectors/${name}/config`)).json()).toMatchObject({ note: '["a", "b"]' });
    await shows('RUNNING');
  });

  test("it shows the server's error messages", async () => {
    const refused = await run('add', '--file', await fileOf({ name, config: source.config }));
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining(`Connector ${name} already exists`) });
    const invalid = await run(
      'update',
      name,
      '--file',
      await fileOf({ name, config: { ...source.config, topic: '' } }),
    );
    expect(invalid).toMatchObject({ status: 2, stderr: expect.stringContaining('topic') });
  });

  test('it shows a failed task, and watches all connectors', async () => {
    await command('update', name, '--file', await fileOf({ name, config: source.failing }));
    // The previous task attempt may still read some lines.
    await eventually('it is failed', async () => {
      await source.append('one more');
      return row('0', 'FAILED', '127\\.0\\.0\\.1:\\d+', '\\S+').test(await command('status', '--connector', name));
    });
    const watch = client.start('kcm', ['--host', url, 'watch', '--refresh-interval', '1', name], {
      ...terminal,
      FORCE_COLOR: '1',
    });
    const ended = once(watch, 'close');
    let shown = '';
    watch.stdout.on('data', (part: Buffer) => {
      shown += part.toString();
    });
    await eventually('the table shows the failed task', () => shown.includes('Failed Tasks') && shown.includes(name));
    watch.kill('SIGINT');
    await ended;
  });
});
