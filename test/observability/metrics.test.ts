import { describe, expect, test } from 'vitest';
import { Metrics } from '../../src/observability/metrics.ts';
import { TaskRegistry } from '../../src/observability/task-registry.ts';
import { restApp } from '../rest/rest-app.ts';

/** Scraped values by `name{label="…"}`. */
async function scrape(metrics: TaskRegistry | Metrics): Promise<Map<string, number>> {
  const body = await (metrics instanceof Metrics ? metrics.registry.metrics() : metrics.text());
  const lines = body.split('\n').filter(line => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

const source = { connector: 'orders', task: 0, type: 'source' } as const;
const sink = { connector: 'copy "x"', task: 2, type: 'sink' } as const;

describe('a source task', () => {
  test('counts records that are read, committed, skipped and active', async () => {
    let now = 0;
    const metrics = new TaskRegistry({}, () => now);
    const task = metrics.task(source);
    task.read(100, 5000);
    task.read(50, 2000);
    task.skipped(10);
    task.written(90, 12);
    now = 60_000 - 1;
    const values = await scrape(metrics);
    const metricValue = (name: string) => values.get(`kafka_connect_${name}{connector="orders",task="0"}`);
    expect({
      polled: metricValue('source_task_source_record_poll_total'),
      rate: metricValue('source_task_source_record_poll_rate'),
      written: metricValue('source_task_source_record_write_total'),
      active: metricValue('source_task_source_record_active_count'),
      largest: metricValue('source_task_transaction_size_max'),
      commit: metricValue('connector_task_offset_commit_avg_time_ms'),
      skipped: metricValue('task_error_total_records_skipped'),
      bytes: values.get('millrace_task_read_bytes_total{connector="orders",task="0"}'),
    }).toEqual({
      polled: 150,
      rate: expect.closeTo(2.5, 2),
      written: 90,
      active: 50,
      largest: 90,
      commit: 12,
      skipped: 10,
      bytes: 7000,
    });
    expect(metricValue('task_error_last_error_timestamp')).toBeGreaterThan(1.6e12);
    expect([...values.keys()].filter(name => name.includes('sink_task'))).toEqual([]);
  });

  test('a second scrape does not change counters', async () => {
    const metrics = new TaskRegistry();
    metrics.task(source).read(7, 1);
    await scrape(metrics);
    const name = 'kafka_connect_source_task_source_record_poll_total{connector="orders",task="0"}';
    expect((await scrape(metrics)).get(name)).toBe(7);
  });
});

test('a sink task has metrics of sinks, with escaped labels', async () => {
  const metrics = new TaskRegistry();
  const task = metrics.task(sink);
  task.read(10, 1);
  task.written(10, 30);
  const values = await scrape(metrics);
  const labels = '{connector="copy \\"x\\"",task="2"}';
  expect(values.get(`kafka_connect_sink_task_sink_record_read_total${labels}`)).toBe(10);
  expect(values.get(`kafka_connect_sink_task_sink_record_send_total${labels}`)).toBe(10);
  expect(values.get(`kafka_connect_sink_task_put_batch_max_time_ms${labels}`)).toBe(30);
  expect(values.get(`kafka_connect_sink_task_offset_commit_completion_total${labels}`)).toBe(1);
  expect([...values.keys()].filter(name => name.includes('source_task'))).toEqual([]);
});

test('a task without a batch can be scraped', async () => {
  const metrics = new TaskRegistry();
  metrics.task(source);
  const values = await scrape(metrics);
  expect(values.get('kafka_connect_connector_task_batch_size_avg{connector="orders",task="0"}')).toBeNaN();
  expect(values.get('kafka_connect_source_task_source_record_poll_total{connector="orders",task="0"}')).toBe(0);
  expect(values.get('kafka_connect_connector_task_status{connector="orders",task="0",status="running"}')).toBe(1);
});

test('figures of a connector are its last numbers, without texts', async () => {
  const metrics = new TaskRegistry();
  const task = metrics.task(source);
  task.figures({ lag: 5, lsn: '0/1A' });
  task.figures({ lag: 3, rows: 9 });
  const values = await scrape(metrics);
  expect([...values].filter(([name]) => name.startsWith('millrace_task_figure'))).toEqual([
    ['millrace_task_figure{connector="orders",task="0",figure="lag"}', 3],
    ['millrace_task_figure{connector="orders",task="0",figure="rows"}', 9],
  ]);
});

test('the series of a task end with it, and those of its successor remain', async () => {
  const registry = new TaskRegistry({ process: '2' });
  const first = registry.task(source);
  const second = registry.task(source);
  second.read(3, 1);
  first.ended();
  const name = 'kafka_connect_source_task_source_record_poll_total{connector="orders",task="0",process="2"}';
  expect((await scrape(registry)).get(name)).toBe(3);
  second.ended();
  expect((await scrape(registry)).has(name)).toBe(false);
});

test('a worker counts started, running and failed attempts', async () => {
  const metrics = new Metrics();
  const ends = [metrics.taskStarted(source), metrics.taskStarted(source)];
  expect((await scrape(metrics)).get('kafka_connect_worker_task_count')).toBe(2);
  ends[0]?.(true);
  ends[1]?.(false);
  const values = await scrape(metrics);
  expect(values.get('kafka_connect_worker_task_count')).toBe(0);
  expect(values.get('kafka_connect_worker_task_startup_attempts_total')).toBe(2);
  expect(values.get('millrace_task_failures_total{connector="orders",task="0"}')).toBe(1);
});

test('every metric has a name that Prometheus accepts, and a help text', async () => {
  const body = (await new Metrics().registry.metrics()) + (await new TaskRegistry().text());
  const types = body.matchAll(/^# TYPE (\S+) (\S+)$/gm);
  for (const [, name, type] of types) {
    expect(name).toMatch(/^[a-z_:][a-z0-9_:]*$/i);
    expect(type).toMatch(/^(counter|gauge|histogram|summary)$/);
    expect(body).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'));
  }
});

test('GET /metrics returns the metrics of the process', async () => {
  const { registry } = new Metrics();
  const { ask } = restApp(
    {},
    { metrics: async () => ({ contentType: registry.contentType, body: await registry.metrics() }) },
  );
  const response = await ask('GET', '/metrics');
  expect(response.status).toBe(200);
  expect(response.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(response.body).toContain('kafka_connect_worker_task_count 0\n');
  expect(response.body).toContain('process_resident_memory_bytes ');
});
