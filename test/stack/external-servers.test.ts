import { expect, test } from 'vitest';
import { externalServersFromEnvironment } from '../../src/stack/external-servers.ts';
import { startStack } from '../../src/stack/index.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import { parsePostgresUrl } from '../../src/stack/servers/postgres-url.ts';
import { createDatabase } from '../support/database.ts';
import { servers } from '../support/servers.ts';

test('addresses of external servers come from environment variables', () => {
  expect(
    externalServersFromEnvironment({
      MILLRACE_KAFKA: 'kafka:9092',
      MILLRACE_TEMPORAL_ADDRESS: 'temporal:7233',
      MILLRACE_POSTGRES: 'postgres://u:p@h/d',
      MILLRACE_ELASTICSEARCH: 'es:9200',
      MILLRACE_MARIADB: 'mysql://u:p@h',
    }),
  ).toEqual({
    kafka: 'kafka:9092',
    temporal: 'temporal:7233',
    postgres: 'postgres://u:p@h/d',
    elasticsearch: 'es:9200',
    mariadb: 'mysql://u:p@h',
  });
  expect(externalServersFromEnvironment({ MILLRACE_KAFKA: '' })).toEqual({});
});

test('a PostgreSQL URL has a default port and may have an encoded password', () => {
  expect(parsePostgresUrl('postgres://me:p%40ss@db.local/shop')).toMatchObject({
    address: 'db.local:5432',
    user: 'me',
    password: 'p@ss',
  });
});

test('external servers are used, and keep running after stop', async () => {
  const { kafka, temporal } = servers();
  await using db = await createDatabase('external');
  const lines: string[] = [];
  const stack = await startStack({ external: { kafka, temporal, postgres: db.url }, log: line => lines.push(line) });
  expect(stack.kafka).toMatchObject({ origin: 'environment', address: kafka, pid: undefined });
  expect(stack.temporal).toMatchObject({ origin: 'environment', address: temporal });
  expect(stack.postgres).toMatchObject({ origin: 'environment', port: db.connection.port });
  await stack.stop();
  expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(lines).toEqual([]);
});

test('an address where no server answers is an error that contains the address', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  await expect(startStack({ services: ['kafka'], external: { kafka: address } })).rejects.toThrow(
    `Kafka does not answer at ${address}`,
  );
  await expect(
    startStack({ services: ['postgres'], external: { postgres: `postgres://postgres@${address}/postgres` } }),
  ).rejects.toThrow(`PostgreSQL does not answer at ${address}`);
});
