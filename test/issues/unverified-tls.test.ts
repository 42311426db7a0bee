import { afterEach, expect, test, vi } from 'vitest';
import { silent } from '../../src/observability/silent.ts';
import { TestSink } from '../integration/jdbc-sink/sink.ts';
import { mariadbSource, openTask, postgresSource, propsOf } from '../integration/jdbc-source/harness.ts';
import * as cdc from '../integration/postgresql/harness.ts';
import { createDatabase } from '../support/database.ts';
import { Committed } from '../support/source-task.ts';
// Makes the test set-up start a MariaDB.
import '../support/mariadb.ts';

/* Database connections without verification, which is the default. All test servers are on this machine. */
const machine = vi.hoisted(() => ({ isAnother: false }));
vi.mock(import('../../src/databases/tls-warning.ts'), async importOriginal => {
  const original = await importOriginal();
  const tlsWarning: typeof original.tlsWarning = session =>
    original.tlsWarning(machine.isAnother ? { ...session, address: '192.0.2.1' } : session);
  return { ...original, tlsWarning };
});
afterEach(() => {
  machine.isAnother = false;
});

const about = (warnings: readonly { readonly message: string }[]): readonly string[] =>
  warnings.map(({ message }) => message).filter(message => message.includes('encrypted'));

test.each([
  ['PostgreSQL', postgresSource, 'sslmode=verify-full', 'sslmode'],
  ['MariaDB', mariadbSource, 'sslMode=VERIFY_IDENTITY', 'sslMode'],
] as const)('a JDBC source of %s warns at its start', async (product, open, remedy, parameter) => {
  await using source = await open();
  const first = async (url: string): Promise<readonly string[]> => {
    await using task = await openTask(
      propsOf(source, { 'connection.url': url, mode: 'bulk', query: 'SELECT 1 AS n' }),
      new Committed(),
    );
    await task.step();
    return about(task.warnings);
  };
  expect(await first(source.url)).toEqual([]);
  machine.isAnother = true;
  const warning = expect.stringMatching(
    `^the connection to ${product} at .* is not encrypted: .* Set ${remedy} in connection.url`,
  );
  expect(await first(source.url)).toEqual([warning]);
  expect(await first(`${source.url}&${parameter}=disable`)).toEqual([]);
});

test('a JDBC sink warns at its start', async () => {
  await using db = await createDatabase('unverified');
  const first = async (parameters: string): Promise<readonly string[]> => {
    const warnings: { message: string }[] = [];
    const log = { ...silent, warn: (_: unknown, message: string) => void warnings.push({ message }) };
    await using _sink = await TestSink.open(db, {}, { parameters, log });
    return about(warnings);
  };
  machine.isAnother = true;
  expect(await first('')).toEqual([expect.stringContaining('Set sslmode=verify-full in connection.url')]);
  expect(await first('sslmode=disable')).toEqual([]);
});

test('a CDC source warns once, however many sessions it opens', async () => {
  await using db = await createDatabase('unverified');
  await db.query('CREATE TABLE t (id int PRIMARY KEY)');
  const first = async (sslmode: string): Promise<readonly string[]> => {
    const props = cdc.propsOf(db, { 'database.sslmode': sslmode });
    await using task = await cdc.openTask(props, new Committed());
    await task.until(() => task.task.caughtUp?.() === true);
    return about(task.warnings);
  };
  machine.isAnother = true;
  expect(await first('prefer')).toEqual([expect.stringContaining('Set database.sslmode=verify-full')]);
  expect(await first('disable')).toEqual([]);
});
