import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../src/stack/process/ports.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { InstalledClient } from './python-client.ts';
import { FileSource, guarded, login, targets } from './targets.ts';

const draw = generator(import.meta.url);
const client = await InstalledClient.of('kafka-connect-healthcheck');

interface Health {
  readonly healthy: boolean;
  readonly failures: readonly Readonly<Record<string, unknown>>[];
}

/** The program, which serves the health of connectors and tasks at /. */
class HealthCheck implements AsyncDisposable {
  readonly #url: string;
  readonly #child: ReturnType<InstalledClient['start']>;

  private constructor(url: string, child: ReturnType<InstalledClient['start']>) {
    this.#url = url;
    this.#child = child;
  }

  static async start(connect: string, ...args: string[]): Promise<HealthCheck> {
    const port = await freePort();
    const child = client.start('kafka-connect-healthcheck', [
      ...['--port', String(port), '--connect-url', connect, '--log-level', 'ERROR'],
      ...args,
    ]);
    child.stdout.resume();
    child.stderr.resume();
    const check = new HealthCheck(`http://127.0.0.1:${port}`, child);
    await eventually('it answers', async () => (await fetch(`${check.#url}/ping`)).ok);
    return check;
  }

  async ask(): Promise<{ status: number; health: Health }> {
    const answer = await fetch(this.#url);
    return { status: answer.status, health: (await answer.json()) as Health };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await exit;
  }
}

describe.each(targets)('kafka-connect-healthcheck works with $server', ({ url }) => {
  let source: FileSource;
  const path = (more = '') => `${url}/connectors/${encodeURIComponent(source.name)}${more}`;
  const put = (config: unknown) =>
    fetch(path('/config'), {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(config),
    });
  beforeEach(async () => {
    source = await FileSource.drawn(draw);
  });
  afterEach(() => fetch(path(), { method: 'DELETE' }));

  test('running connectors are healthy, and a failed task is not', async () => {
    await using check = await HealthCheck.start(url);
    expect((await put(source.config)).ok).toBe(true);
    const healthy = { status: 200, health: { healthy: true, failures: [], failure_rate: 0 } };
    await eventually('it is healthy', async () => (await check.ask()).status === 200);
    expect(await check.ask()).toMatchObject(healthy);
    await put(source.failing);
    // The previous task attempt may still read some lines.
    await eventually('it is not', async () => {
      await source.append('another');
      return (await check.ask()).status === 503;
    });
    expect(await check.ask()).toMatchObject({
      status: 503,
      health: {
        healthy: false,
        failures: [
          {
            type: 'task',
            connector: source.name,
            id: 0,
            state: 'FAILED',
            worker_id: expect.any(String),
            trace: expect.stringContaining('Only Struct objects supported'),
          },
        ],
      },
    });
    await using tolerant = await HealthCheck.start(url, '--failure-threshold-percentage', '50');
    expect((await tolerant.ask()).status).toBe(200);
    await using connectors = await HealthCheck.start(url, '--considered-containers', 'connector');
    expect(await connectors.ask()).toMatchObject(healthy);
  });

  test('other states can be configured as unhealthy, for one worker', async () => {
    await put(source.config);
    const status = async () =>
      (await (await fetch(path('/status'))).json()) as {
        connector: { state: string; worker_id: string };
        tasks: { state: string; worker_id: string }[];
      };
    await eventually('it runs', async () => (await status()).tasks[0]?.state === 'RUNNING');
    await fetch(path('/pause'), { method: 'PUT' });
    const paused = await eventually('it is paused', async () => {
      const { connector, tasks } = await status();
      return connector.state === 'PAUSED' && tasks[0]?.state === 'PAUSED' && { connector, tasks };
    });
    const states = ['--unhealthy-states', 'FAILED,PAUSED'];
    await using all = await HealthCheck.start(url, ...states);
    expect((await all.ask()).health.failures.map(({ type, state }) => [type, state])).toEqual([
      ['connector', 'PAUSED'],
      ['task', 'PAUSED'],
    ]);
    await using here = await HealthCheck.start(url, ...states, '--connect-worker-id', paused.connector.worker_id);
    expect((await here.ask()).health.failures).toContainEqual(expect.objectContaining({ type: 'connector' }));
    await using elsewhere = await HealthCheck.start(url, ...states, '--connect-worker-id', 'other:1');
    expect(await elsewhere.ask()).toMatchObject({ status: 200, health: { failures: [] } });
  });
});

test('kafka-connect-healthcheck logs in', async () => {
  await using check = await HealthCheck.start(guarded, '--basic-auth', login);
  expect((await check.ask()).status).toBe(200);
  await using refused = await HealthCheck.start(guarded, '--basic-auth', 'admin:wrong');
  expect((await refused.ask()).status).toBe(503);
});
