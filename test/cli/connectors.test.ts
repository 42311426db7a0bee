import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MillraceError } from '../../src/errors.ts';
import type { Control, StatusInfo } from '../../src/temporal/control/control.ts';
import { info, recordingControl, status } from '../rest/recording-control.ts';
import { restApp } from '../rest/rest-app.ts';
import { millrace } from './run.ts';

const healthy = (name: string): StatusInfo => ({
  name,
  connector: { state: 'RUNNING', worker_id: 'w1:8083' },
  tasks: [{ id: 0, state: 'RUNNING', worker_id: 'w2:8083', attempt: 3, figures: { lag: 7, lsn: '0/1A' } }],
  type: 'sink',
});

const requireName = async (name: string) => {
  if (!['good', 'bad', 'a b'].includes(name)) throw new MillraceError('NOT_FOUND', 'not there');
};
const answers: Partial<Control> = {
  list: async () => ['bad', 'good'],
  create: async (name, config) => {
    if (name === 'good') throw new MillraceError('CONFLICT', 'Connector good already exists');
    if (name === 'down') throw new MillraceError('TEMPORAL_UNAVAILABLE', 'Temporal does not answer.');
    return info(name, config);
  },
  configure: async (name, config) => ({ info: info(name, config), created: name === 'new' }),
  info: async name => {
    await requireName(name);
    return info(name, { topic: 't' });
  },
  status: async name => {
    await requireName(name);
    return name === 'bad' ? status(name) : healthy(name);
  },
  pause: requireName,
  resume: requireName,
  stop: requireName,
  delete: requireName,
  restartTask: requireName,
  restart: async name => status(name),
  alterOffsets: async name => {
    await requireName(name);
    return { byConnector: true };
  },
};
const { control, calls } = recordingControl(answers);
const offsets = [{ partition: { kafka_topic: 't', kafka_partition: 0 }, offset: { kafka_offset: 7 } }];
const { app } = restApp(control, { offsets: async ({ name }) => (name === 'good' ? offsets : []) });
let url: string;
let folder: string;

beforeAll(async () => {
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'millrace-cli-'));
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  calls.length = 0;
});

const connectors = (...args: string[]) => millrace(['connectors', ...args], { env: { MILLRACE_URL: url } });
const inFile = async (name: string, text: string) => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

describe('seeing', () => {
  test('list: a line for each, the first line of what went wrong', async () => {
    const { code, stdout, stderr } = await connectors('list');
    expect(stdout.split('\n')).toEqual([
      'NAME  TYPE    STATE    TASKS                TRACE',
      'bad   source  RUNNING  1 RUNNING, 1 FAILED  Something: bad',
      'good  sink    RUNNING  1 RUNNING',
      '',
    ]);
    expect([code, stderr]).toEqual([0, '']);
  });

  test('list --json is the REST answer', async () => {
    const { code, stdout } = await connectors('list', '--json');
    expect(stdout).toBe(`${await (await fetch(`${url}/connectors?expand=status`)).text()}\n`);
    expect(code).toBe(0);
  });

  test('status of a connector that runs', async () => {
    const { code, stdout } = await connectors('status', 'good');
    expect(stdout.split('\n')).toEqual([
      'good (sink) is RUNNING on w1:8083',
      'TASK  STATE    WORKER   ATTEMPT  FIGURES',
      '0     RUNNING  w2:8083  3        lag=7 lsn=0/1A',
      '',
    ]);
    expect(code).toBe(0);
  });

  test('status of one with a failed task leaves with 4, with --json too', async () => {
    const { code, stdout, stderr } = await connectors('status', 'bad');
    expect(stdout).toContain('1     FAILED   127.0.0.1:8083  Something: bad\n');
    expect(stdout).not.toContain('at somewhere');
    expect([code, stderr]).toEqual([4, '']);
    const json = await connectors('status', 'bad', '--json');
    expect(JSON.parse(json.stdout)).toEqual(status('bad'));
    expect(json.code).toBe(4);
  });

  test('show, config, names with blanks', async () => {
    expect(await connectors('show', 'a b')).toEqual({
      code: 0,
      stdout: [
        'a b (source), tasks: 1',
        'KEY              VALUE',
        'connector.class  FileStreamSource',
        'name             a b',
        'topic            t',
        '',
      ].join('\n'),
      stderr: '',
    });
    const { stdout } = await connectors('config', 'good');
    expect(JSON.parse(stdout)).toEqual(info('good', { topic: 't' }).config);
  });

  test('plugins', async () => {
    expect((await connectors('plugins')).stdout).toContain('source  org.x.FileStreamSourceConnector  1\n');
    expect((await connectors('plugins', '--all')).stdout).toContain('transformation  org.x.Mask');
  });
});

describe('changing', () => {
  test.each([
    [
      'wrapped',
      '{"name":"n","config":{"a":1.50,"b":true}}',
      [],
      ['create', 'n', { a: '1.50', b: 'true', name: 'n' }, undefined, undefined],
    ],
    ['flat with --name', '{"a":"1"}', ['--name', 'n'], ['create', 'n', { a: '1', name: 'n' }, undefined, undefined]],
    [
      'flat with a name inside',
      '{"name":"n","a":"1"}',
      [],
      ['create', 'n', { name: 'n', a: '1' }, undefined, undefined],
    ],
    [
      '--name wins',
      '{"name":"x","config":{"name":"x"}}',
      ['--name', 'n'],
      ['create', 'n', { name: 'n' }, undefined, undefined],
    ],
    [
      'a key called config',
      '{"name":"n","config":"x"}',
      [],
      ['create', 'n', { name: 'n', config: 'x' }, undefined, undefined],
    ],
    [
      'a state in the file',
      '{"name":"n","initial_state":"paused","config":{}}',
      [],
      ['create', 'n', { name: 'n' }, 'PAUSED', undefined],
    ],
    [
      'offsets in the file',
      '{"name":"n","config":{},"initial_offsets":[{"partition":{"filename":"f"},"offset":{"position":3}}]}',
      [],
      ['create', 'n', { name: 'n' }, undefined, [{ partition: { filename: 'f' }, offset: { position: 3 } }]],
    ],
    [
      '--state',
      '{"name":"n","config":{}}',
      ['--state', 'STOPPED'],
      ['create', 'n', { name: 'n' }, 'STOPPED', undefined],
    ],
  ])('create -f: %s', async (_what, text, args, call) => {
    const { code, stdout, stderr } = await connectors('create', '-f', await inFile('c.json', text), ...args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('n (source) is created.');
    expect(calls).toEqual([call]);
  });

  test('create from properties, and from standard input', async () => {
    const properties = '# a connector\nname=n\nconnector.class = X\ntopic: a\\\n  b\n';
    const config = { name: 'n', 'connector.class': 'X', topic: 'ab' };
    expect((await connectors('create', '-f', await inFile('c.properties', properties))).code).toBe(0);
    const piped = await millrace(['connectors', 'create', '--url', url, '-f', '-', '--json'], { input: properties });
    expect(JSON.parse(piped.stdout)).toEqual(info('n', config));
    expect(calls).toEqual([
      ['create', 'n', config, undefined, undefined],
      ['create', 'n', config, undefined, undefined],
    ]);
  });

  test('config -f replaces or creates', async () => {
    const path = await inFile('c.json', '{"name":"other","a":"1"}');
    expect(await connectors('config', 'good', '-f', path)).toMatchObject({ code: 0, stdout: 'good is changed.\n' });
    expect(await connectors('config', 'new', '-f', path)).toMatchObject({ code: 0, stdout: 'new is created.\n' });
    expect(calls[0]).toEqual(['configure', 'good', { name: 'good', a: '1' }]);
  });

  test('offsets: shown, set from a file, reset', async () => {
    expect((await connectors('offsets', 'good')).stdout.split('\n')).toEqual([
      'PARTITION                                OFFSET',
      '{"kafka_topic":"t","kafka_partition":0}  {"kafka_offset":7}',
      '',
    ]);
    const shown = await connectors('offsets', 'good', '--json');
    expect(JSON.parse(shown.stdout)).toEqual({ offsets });
    expect((await connectors('offsets', 'bad')).stdout).toBe('No offsets: the connector reads from the beginning.\n');
    calls.length = 0;
    for (const [file, text] of [
      ['whole.json', shown.stdout],
      ['array.json', JSON.stringify(offsets)],
    ] as const)
      expect(await connectors('offsets', 'good', '-f', await inFile(file, text))).toMatchObject({
        code: 0,
        stdout: 'The offsets for this connector have been altered successfully.\n',
      });
    expect((await connectors('offsets', 'good', '--reset')).stdout).toContain('reset successfully');
    expect(calls).toEqual([
      ['alterOffsets', 'good', offsets],
      ['alterOffsets', 'good', offsets],
      ['alterOffsets', 'good', null],
    ]);
    expect(await connectors('offsets', 'nope', '--reset')).toMatchObject({ code: 1 });
    expect(await connectors('offsets', 'good', '--reset', '-f', 'x')).toMatchObject({ code: 2 });
    expect(await connectors('offsets', 'good', '-f', await inFile('half.json', '{'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is not JSON'),
    });
  });

  test('pause, resume, stop, delete: one sentence, with --json nothing, as the server says nothing', async () => {
    for (const verb of ['pause', 'resume', 'stop', 'delete']) {
      const plain = await connectors(verb, 'good');
      expect(plain).toMatchObject({ code: 0, stdout: expect.stringMatching(/^good .*\.\n$/), stderr: '' });
      expect(await connectors(verb, 'good', '--json')).toEqual({ code: 0, stdout: '', stderr: '' });
    }
    expect(calls.map(call => call[0])).toEqual([
      'pause',
      'pause',
      'resume',
      'resume',
      'stop',
      'stop',
      'delete',
      'delete',
    ]);
  });

  test('restart: the connector, its failed tasks, one task', async () => {
    expect((await connectors('restart', 'good')).stdout).toBe('good is restarting.\n');
    const failed = await connectors('restart', 'good', '--include-tasks', '--only-failed');
    expect(failed.stdout).toContain('TASK  STATE');
    expect((await connectors('restart', 'good', '--task', '3')).stdout).toBe('Task 3 of good is restarting.\n');
    expect(calls).toEqual([
      ['restart', 'good', { includeTasks: false, onlyFailed: false }],
      ['restart', 'good', { includeTasks: true, onlyFailed: true }],
      ['restartTask', 'good', 3],
    ]);
  });

  test('validate lists what is wrong by key and leaves with 1', async () => {
    const path = await inFile('v.json', '{"connector.class":"FileStreamSource"}');
    const { code, stdout } = await connectors('validate', '-f', path);
    expect(stdout).toBe('KEY    ERROR\ntopic  missing\n');
    expect(code).toBe(1);
    const json = await connectors('validate', '-f', path, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ error_count: 1 });
    expect(json.code).toBe(1);
  });
});

describe('what goes wrong', () => {
  test('a refusal: the server’s sentence, 1; with --json its answer as well', async () => {
    const path = await inFile('c.json', '{"name":"good","config":{}}');
    expect(await connectors('create', '-f', path)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'millrace: Connector good already exists\n',
    });
    const json = await connectors('create', '-f', path, '--json');
    expect(JSON.parse(json.stdout)).toEqual({ error_code: 409, message: 'Connector good already exists' });
    expect(json.code).toBe(1);
    expect(await connectors('pause', 'nope')).toMatchObject({ code: 1, stderr: 'millrace: Unknown connector nope\n' });
  });

  test('a 503 leaves with 3', async () => {
    const path = await inFile('c.json', '{"name":"down","config":{}}');
    expect(await connectors('create', '-f', path)).toMatchObject({
      code: 3,
      stderr: 'millrace: Temporal does not answer.\n',
    });
  });

  test('no server: exits with 3 and prints the address', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => closed.once('listening', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise(resolve => closed.close(resolve));
    const { code, stdout, stderr } = await millrace(['connectors', 'list', '--url', `http://127.0.0.1:${port}`]);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(
      new RegExp(`^millrace: No answer from http://127.0.0.1:${port} \\(ECONNREFUSED\\): .*--url`),
    );
  });

  test('another server there: not taken for an answer', async () => {
    const other = createServer((_request, response) => response.end('<html>')).listen(0, '127.0.0.1');
    await new Promise(resolve => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await millrace(['connectors', 'list', '--url', `http://127.0.0.1:${port}/x`]);
    expect(code).toBe(1);
    expect(stderr).toContain('in a form that Kafka Connect');
    await new Promise(resolve => other.close(resolve));
  });

  test('a path and a user in the address are kept, the password is not printed', async () => {
    let received: unknown;
    const proxy = createServer((request, response) => {
      received = { url: request.url, authorization: request.headers.authorization };
      response.writeHead(401).end();
    }).listen(0, '127.0.0.1');
    await new Promise(resolve => proxy.once('listening', resolve));
    const { port } = proxy.address() as AddressInfo;
    const ran = await millrace(['connectors', 'pause', 'a/b', '--url', `http://me:s%20cret@127.0.0.1:${port}/base`]);
    await new Promise(resolve => proxy.close(resolve));
    expect(received).toEqual({
      url: '/base/connectors/a%2Fb/pause',
      authorization: `Basic ${Buffer.from('me:s cret').toString('base64')}`,
    });
    expect(ran.code).toBe(1);
    expect(ran.stderr).not.toMatch(/s%20cret|s cret/);
  });

  test.each([
    ['no file', ['create'], /required option '-f, --file <file>' not specified/],
    [
      'a file that is not there',
      ['create', '-f', '/nonexistent/c.json'],
      /^millrace: Cannot read \/nonexistent\/c.json \(ENOENT\)/,
    ],
    ['an unknown command', ['explode'], /unknown command 'explode'/],
    ['an unknown option', ['list', '--fast'], /unknown option '--fast'/],
    ['a state that is none', ['create', '-f', 'x', '--state', 'FAST'], /choices/i],
    ['one task and failed ones', ['restart', 'x', '--task', '1', '--only-failed'], /cannot be used with option/],
    ['no name', ['status'], /missing required argument 'name'/],
    ['an address that is none', ['list', '--url', 'nonsense'], /--url must be an address/],
  ])('wrong usage leaves with 2: %s', async (_what, args, message) => {
    const { code, stdout, stderr } = await connectors(...args);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
    expect(calls).toEqual([]);
  });

  test.each([
    ['a.json', 'name=x', /a.json is not JSON/],
    ['a.json', '{"password": hunter2}', /a.json is not JSON/],
    ['a.json', '[1]', /is not a JSON object/],
    ['a', '', /is empty/],
    ['a', '{"a":"1"}', /names no connector: add --name/],
    ['a', '{"name":"x","config":{},"topic":"t"}', /has topic beside name and config/],
  ])('a file that is no connector leaves with 2: %s %s', async (name, text, message) => {
    const { code, stderr } = await connectors('create', '-f', await inFile(name, text));
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('hunter2');
    expect(code).toBe(2);
  });

  test('help teaches', async () => {
    const { code, stdout } = await millrace(['connectors', '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples:[\s\S]*create -f[\s\S]*Exit status: 0 done/);
    expect((await millrace(['connectors', 'create', '--help'])).stdout).toContain('connector.class=');
  });
});
