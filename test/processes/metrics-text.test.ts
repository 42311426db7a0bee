import { Counter, Gauge, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { mergeMetrics } from '../../src/processes/metrics-text.ts';

function processRegistry(process: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ process });
  return registry;
}

test('each family appears once, with the samples of every process', async () => {
  const [one, two] = [processRegistry('1'), processRegistry('2')];
  for (const [registers, value] of [
    [[one], 3],
    [[two], 4],
  ] as const) {
    new Counter({ name: 'rows_total', help: 'Rows.', registers: [...registers] }).inc(value);
    new Gauge({ name: 'lag', help: 'Lag in "s"\n# HELP', labelNames: ['task'], registers: [...registers] })
      .labels('a\nb')
      .set(value);
  }
  new Gauge({ name: 'only', help: 'In one.', registers: [two] }).set(1);
  const merged = mergeMetrics([await one.metrics(), await two.metrics()]);
  expect(merged.split('\n').filter(line => line !== '')).toEqual([
    '# HELP rows_total Rows.',
    '# TYPE rows_total counter',
    'rows_total{process="1"} 3',
    'rows_total{process="2"} 4',
    '# HELP lag Lag in "s"\\n# HELP',
    '# TYPE lag gauge',
    'lag{task="a\\nb",process="1"} 3',
    'lag{task="a\\nb",process="2"} 4',
    '# HELP only In one.',
    '# TYPE only gauge',
    'only{process="2"} 1',
  ]);
});

test('is unchanged for one process and empty for none', async () => {
  const one = processRegistry('1');
  new Counter({ name: 'rows_total', help: 'Rows.', registers: [one] }).inc(3);
  expect(mergeMetrics([await one.metrics()])).toBe(await one.metrics());
  expect(mergeMetrics([])).toBe('');
});
