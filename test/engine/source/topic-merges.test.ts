import { expect, test } from 'vitest';
import { TopicMerges } from '../../../src/engine/source/topic-merges.ts';
import { silent } from '../../../src/observability/silent.ts';

function merges() {
  const warned: unknown[] = [];
  return { warned, all: new TopicMerges({ ...silent, warn: fields => void warned.push(fields) }) };
}

test('warns once of each topic that receives records of several topics', () => {
  const { warned, all } = merges();
  for (const [from, to] of [
    ['a', 'x'],
    ['a', 'x'],
    ['b', 'x'],
    ['a', 'x'],
    ['c', 'x'],
    ['d', 'y'],
    ['y', 'y'],
  ] as const)
    all.note(from, to);
  all.forget();
  all.note('b', 'x');
  all.note('c', 'x');
  expect(warned).toEqual([
    { topic: 'x', from: ['a', 'b'] },
    { topic: 'y', from: ['d', 'y'] },
  ]);
});

test('says nothing of topics of their own', () => {
  const { warned, all } = merges();
  for (let i = 0; i < 100; i++) all.note(`in${i % 7}`, `out${i % 7}`);
  expect(warned).toEqual([]);
});
