import { afterAll, beforeAll, expect, test } from 'vitest';
import { decimal, type OrderRow, rowHash, rowText } from '../../bench/checksum.ts';
import { checksum } from '../../bench/contents.ts';
import { changesOf, checksumOf, schemaSql } from '../../bench/sql.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase('bench');
  await database.query(schemaSql);
});
afterAll(() => database.drop());

const row: OrderRow = {
  id: 7,
  customer_id: 70,
  status: 'new',
  amount: 'Ak4=',
  note: 'a|b',
  created_at: '2026-01-01T00:00:07Z',
  updated_at: '2026-01-01T00:00:07.25Z',
};

test('a record and its row have the same text and checksum', async () => {
  const other = { ...row, id: 8, amount: '/w==', note: null };
  expect(rowText(row)).toBe('7|70|new|5.90|a|b|2026-01-01T00:00:07.000000Z|2026-01-01T00:00:07.250000Z');
  for (const { id, customer_id, status, amount, note, created_at, updated_at } of [row, other])
    await database.query('insert into orders values ($1, $2, $3, $4, $5, $6, $7)', [
      id,
      customer_id,
      status,
      decimal(amount, 2),
      note,
      created_at,
      updated_at,
    ]);
  const expected = checksum([rowHash(row), rowHash(other)]);
  expect(await database.query(checksumOf('orders'))).toEqual([expected]);
  await database.query("update orders set note = 'a|c' where id = 7");
  expect(await database.query(checksumOf('orders'))).not.toEqual([expected]);
});

test('decimals are decoded as Connect encodes them', () => {
  expect(['AA==', 'fw==', 'AIA=', 'gA==', 'BfXg/w=='].map(text => decimal(text, 2))).toEqual([
    '0.00',
    '1.27',
    '1.28',
    '-1.28',
    '999999.99',
  ]);
});

test('a generated transaction changes its number of rows, and the next one changes others', async () => {
  await database.query('call fill_orders(1000000)');
  const count = async (): Promise<number> =>
    Number((await database.query<{ count: string }>('select count(*) from orders'))[0]?.count);
  const { insert, delete: deleted } = changesOf;
  for (let transactions = 1; transactions <= 3; transactions++) {
    await database.query('call change_orders(1)');
    expect(await count()).toBe(1_000_000 + transactions * (insert - deleted));
  }
  const [updated] = await database.query<{ count: string }>(
    "select count(*) from orders where status = 'paid' and id > 500000 and id <= 1000000 and updated_at > now() - interval '1 hour'",
  );
  expect(Number(updated?.count)).toBe(3 * changesOf.update);
});
