import { expect, test } from 'vitest';
import { PostgresSource } from '../../../../connectors/postgresql/source-info.ts';
import { MessageValue } from '../../../../connectors/postgresql/stream/logical-message.ts';
import type { SourceRecord } from '../../../../src/api/index.ts';
import { Envelope } from '../../../../src/cdc/record/envelope.ts';
import type { RowStruct } from '../../../../src/cdc/record/row-struct.ts';
import { createDatabase } from '../../../support/database.ts';
import { typeDefinitions } from '../../../support/generate/columns.ts';
import { generator } from '../../../support/generate/index.ts';
import { Committed } from '../../../support/source-task.ts';
import { openTask, propsOf } from '../harness.ts';
import {
  type Change,
  type ExpectedChange,
  expectedChanges,
  type Parsers,
  type Row,
  readWithLibrary,
} from './library.ts';
import { LAST_MESSAGE, Workload } from './workload.ts';

const draw = generator(import.meta.url);
const ROUNDS = Number(process.env['MILLRACE_ROUNDS'] ?? 2);
const TRANSACTIONS = 150;

const everything = {
  'snapshot.mode': 'no_data',
  'publication.autocreate.mode': 'disabled',
  'skipped.operations': 'none',
  'tombstones.on.delete': 'false',
  'include.unknown.datatypes': 'true',
};

test.for(Array.from({ length: ROUNDS }, (_, i) => i + 1))(
  'the changes of random tables are those that pg-logical-replication reads from the same log, round %i',
  { timeout: 120_000 },
  async () => {
    await using db = await createDatabase('pgoutput');
    await db.query(typeDefinitions);
    const workload = await Workload.create(draw, db);
    await db.query(`CREATE PUBLICATION ${db.name} FOR ALL TABLES`);
    const slot = `${db.name}_library`;
    await db.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
    const committed = new Committed();
    await using task = await openTask(propsOf(db, everything), committed);
    await task.step();
    await workload.run(TRANSACTIONS);
    await task.until(() => isLast(committed.records.at(-1)), 60_000);

    const expected = expectedChanges(await readWithLibrary(db, slot));
    const actual = committed.records.map((record, i) => changeOf(record, expected[i]));
    for (const [i, { change }] of expected.entries()) expect(actual[i], `change ${i}`).toEqual(change);
    expect(actual.length).toBe(expected.length);
    expect(new Set(actual.map(({ op }) => op))).toEqual(new Set(['c', 'u', 'd', 't', 'm']));
  },
);

const isLast = (record: SourceRecord | undefined): boolean =>
  record?.value instanceof MessageValue && record.value.message.prefix === LAST_MESSAGE;

/** The contents of a record in the library's values: of the columns that the expected change has. */
function changeOf({ value }: SourceRecord, expected: ExpectedChange | undefined): Change {
  if (value instanceof MessageValue) {
    const { prefix, content, lsn } = value.message;
    const micros = value.source.txId === null ? null : value.source.micros;
    return {
      ...sourceOf(value.source),
      op: 'm',
      subject: [prefix],
      before: null,
      after: null,
      content: content.toString('hex'),
      position: lsn,
      micros,
    };
  }
  if (!(value instanceof Envelope)) throw new Error('a record that is neither a change nor a message');
  const { table, op, before, after, position } = value;
  const columns = (row: Row | null | undefined) => Object.keys(row ?? {});
  const parsers = expected?.parsers ?? new Map();
  return {
    ...sourceOf(value.source),
    op,
    subject: [table.schema, table.name],
    before: rowOf(before, columns(expected?.change.before), parsers),
    after: rowOf(after, columns(expected?.change.after), parsers),
    content: null,
    position,
  };
}

function sourceOf(source: unknown) {
  if (!(source instanceof PostgresSource)) throw new Error("a source block that is not PostgreSQL's");
  const { txId, micros, replicationOrigin, replicationOriginLsn } = source;
  return { xid: txId, micros, origin: replicationOrigin, originPosition: replicationOriginLsn };
}

function rowOf(row: RowStruct | null, columns: readonly string[], parsers: Parsers): Row | null {
  if (row === null) return null;
  const names = row.schema.fields.map(({ name }) => name);
  return Object.fromEntries(columns.map(name => [name, fieldValue(row, names.indexOf(name), parsers.get(name))]));
}

function fieldValue(row: RowStruct, field: number, parse: ((text: string) => unknown) | undefined): unknown {
  const { bytes } = row.holder(field);
  const start = row.holder(field).start(field);
  if (start < 0) return row.has(field) ? null : undefined;
  return parse?.(bytes.toString('utf8', start, row.holder(field).end(field)));
}
