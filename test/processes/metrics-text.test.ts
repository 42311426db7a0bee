import { Counter, Gauge, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { mergeMetrics } from '../../src/processes/metrics-text.ts';

function registry(process: string): Registry {
  const made = new Registry();
  made.setDefaultLabels({ process });
  return made;
}

test('each family stands once, with the samples of every process', async () => {
  const [one, two] = [registry('1'), registry('2')];
  for (const [registers, value] of [
    [[one], 3],
    [[two], 4],
  ] as const) {
    new Counter({ name: 'rows_total', help: 'Rows.', registers: [...registers] }).inc(value);
    new Gauge({ name: 'lag', help: 'Behind by, in "s"\n# HELP', labelNames: ['task'], registers: [...registers] })
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
    '# HELP lag Behind by, in "s"\\n# HELP',
    '# TYPE lag gauge',
    'lag{task="a\\nb",process="1"} 3',
    'lag{task="a\\nb",process="2"} 4',
    '# HELP only In one.',
    '# TYPE only gauge',
    'only{process="2"} 1',
  ]);
});

test('of one process it stays what it was, and of none it is empty', async () => {
  const one = registry('1');
  new Counter({ name: 'rows_total', help: 'Rows.', registers: [one] }).inc(3);
  expect(mergeMetrics([await one.metrics()])).toBe(await one.metrics());
  expect(mergeMetrics([])).toBe('');
});
