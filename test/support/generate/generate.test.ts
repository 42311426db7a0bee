import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameTest } from '../../../src/cdc/filter/name-filters.ts';
import { nameProblem } from '../../../src/config/connector-config/connector-name.ts';
import { connectorNames, rejectedConnectorNames, similarNames } from './connector-names.ts';
import { columnNames, schemaNames, tableNames, tablePattern } from './identifiers.ts';
import { generator } from './index.ts';
import { fileSeeds } from './seed.ts';
import { collidingTopicNames, topicNames } from './topic-names.ts';

const draw = generator(import.meta.url);

test('the same seed and file draw the same values; another file or draw gives others', () => {
  const [one, again, other] = ['/x/test/a.test.ts', '/y/test/a.test.ts', '/x/test/b.test.ts'].map(fileSeeds);
  const seeds = [one?.(), one?.(), other?.()];
  expect(again?.()).toBe(seeds[0]);
  expect(new Set(seeds).size).toBe(3);
});

test('connector names of every length and alphabet are accepted; invalid ones are rejected', () => {
  fc.assert(fc.property(connectorNames, name => nameProblem(name) === undefined));
  fc.assert(fc.property(rejectedConnectorNames, name => nameProblem(name) !== undefined));
  fc.assert(fc.property(connectorNames, name => similarNames(name).every(other => nameProblem(other) === undefined)));
  const many = fc.sample(connectorNames, 500);
  expect(new Set(many.map(name => Buffer.byteLength(name))).size).toBeGreaterThan(50);
  for (const part of [/^[ -~]+$/, /[^ -~]/, / /, /%/, /^.$/u]) expect(many.some(name => part.test(name))).toBe(true);
  expect(Math.max(...many.map(name => Buffer.byteLength(name)))).toBe(200);
});

test('topic names are those that Kafka allows, with the collisions that Kafka reports', () => {
  const allowed = (name: string) => /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..';
  fc.assert(fc.property(topicNames(), allowed));
  fc.assert(
    fc.property(collidingTopicNames(), ([one, two]) => {
      expect([allowed(one), allowed(two)]).toEqual([true, true]);
      expect(one).not.toBe(two);
      expect(one.replaceAll('.', '_')).toBe(two.replaceAll('.', '_'));
    }),
  );
});

test('identifiers have 1 to 63 bytes and no NUL', () => {
  const fits = (name: string) => Buffer.byteLength(name) >= 1 && Buffer.byteLength(name) <= 63 && !name.includes('\0');
  fc.assert(fc.property(fc.oneof(tableNames, schemaNames, columnNames), fits));
  expect(fc.sample(tableNames, 200).some(name => name.includes('"'))).toBe(true);
});

test('a table pattern matches only its own table, whatever characters the names contain', () => {
  fc.assert(
    fc.property(tableNames, tableNames, (table, other) => {
      const matches = nameTest(tablePattern('public', table), 'table.include.list');
      expect(matches(`public.${table}`)).toBe(true);
      expect(matches(`public.${other}`)).toBe(table.toLowerCase() === other.toLowerCase());
    }),
  );
});

test('names drawn in one file differ, and topic names are within their limit', () => {
  const names = Array.from({ length: 50 }, () => draw.connectorName());
  expect(new Set(names).size).toBe(50);
  for (let i = 0; i < 50; i++) {
    expect(draw.topic().length).toBeLessThanOrEqual(249);
    expect(draw.topic(60).length).toBeLessThanOrEqual(60);
    for (const name of [draw.table(), draw.schema(), draw.column()]) expect(name).not.toBe('');
  }
});
