import { expect, test } from 'vitest';
import { TopicMerges } from '../../../src/engine/source/topic-merges.ts';
import { silent } from '../../../src/observability/silent.ts';

function topicMerges() {
  const warnings: unknown[] = [];
  return { warnings, merges: new TopicMerges({ ...silent, warn: fields => void warnings.push(fields) }) };
}

test('warns once about each topic that several topics are routed to', () => {
  const { warnings, merges } = topicMerges();
  for (const [from, to] of [
    ['a', 'x'],
    ['a', 'x'],
    ['b', 'x'],
    ['a', 'x'],
    ['c', 'x'],
    ['d', 'y'],
    ['y', 'y'],
  ] as const)
    merges.add(from, to);
  merges.clear();
  merges.add('b', 'x');
  merges.add('c', 'x');
  expect(warnings).toEqual([
    { topic: 'x', from: ['a', 'b'] },
    { topic: 'y', from: ['d', 'y'] },
  ]);
});

test('does not warn when each topic is routed to its own topic', () => {
  const { warnings, merges } = topicMerges();
  for (let i = 0; i < 100; i++) merges.add(`in${i % 7}`, `out${i % 7}`);
  expect(warnings).toEqual([]);
});
