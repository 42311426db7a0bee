import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applicationName } from '../../../src/databases/postgresql/application-name.ts';
import { connectorNames, similarNames } from '../../support/generate/connector-names.ts';

const suffixes = fc.constantFrom('', '/0', '/12', '/offsets');

test('is stored unchanged by PostgreSQL: printable ASCII of at most 63 bytes, with the suffix at the end', () => {
  fc.assert(
    fc.property(connectorNames, suffixes, (name, suffix) => {
      expect(applicationName(name, suffix)).toMatch(/^[ -~]{1,63}$/);
      expect(applicationName(name, suffix).endsWith(suffix)).toBe(true);
    }),
  );
});

test('contains the full name if it fits', () => {
  expect(applicationName('shop')).toBe('millrace shop');
  expect(applicationName('orders-sink', '/3')).toBe('millrace orders-sink/3');
});

test('differs for different connectors', () => {
  const long = 'x'.repeat(120);
  const names = ['数据', '订单', `${long}a`, `${long}b`, 'größe', 'gr??e'];
  expect(new Set(names.map(name => applicationName(name))).size).toBe(names.length);
  expect(applicationName('x', '/0')).not.toBe(applicationName('x-0'));
  fc.assert(
    fc.property(connectorNames, name =>
      similarNames(name).every(other => applicationName(other) !== applicationName(name)),
    ),
  );
});
