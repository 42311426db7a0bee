import type { Relation, TableFacts } from '../../../connectors/postgresql/catalog/relation.ts';
import type { SchemaSettings } from '../../../connectors/postgresql/catalog/table-schema.ts';
import { topicNaming } from '../../../src/cdc/naming/topic-naming.ts';
import { parsePlaceholder } from '../../../src/cdc/record/unavailable-value.ts';
import { builtin } from './types.ts';

/** A column of a tuple: text, null, or undefined for an unchanged value. */
export type Cell = string | null | undefined;

/** TupleData of pgoutput. */
export function tuple(cells: readonly Cell[]): Buffer {
  const parts: Buffer[] = [Buffer.alloc(2)];
  parts[0]?.writeUInt16BE(cells.length);
  for (const cell of cells) {
    if (cell === null) parts.push(Buffer.from('n'));
    else if (cell === undefined) parts.push(Buffer.from('u'));
    else {
      const text = Buffer.from(cell);
      const head = Buffer.from('t\0\0\0\0', 'latin1');
      head.writeUInt32BE(text.length, 1);
      parts.push(head, text);
    }
  }
  return Buffer.concat(parts);
}

export const settings: SchemaSettings = {
  names: { name: 'p', db: 'a "shop"' },
  naming: topicNaming({
    prefix: 'p',
    delimiter: '.',
    withSchema: true,
    heartbeatPrefix: 'h',
    transaction: 'transaction',
  }),
  types: {
    decimals: 'precise',
    times: 'adaptive',
    binary: 'bytes',
    intervals: 'numeric',
    hstore: 'json',
    moneyFractionDigits: 2,
    unknownTypes: false,
  },
  placeholder: parsePlaceholder('__unavailable'),
  schemaNames: 'none',
  fieldNames: 'none',
  includesColumn: () => true,
  customKey: () => undefined,
  propagatesType: () => false,
};

export interface Column {
  readonly name: string;
  readonly type: keyof typeof builtin;
  readonly typmod?: number;
  readonly notNull?: boolean;
  readonly default?: string;
}

/** The Relation message and the catalogue's facts of a table; key: its primary key. */
export function describeTable(
  columns: readonly Column[],
  key: readonly string[],
  replicaIdentity: Relation['replicaIdentity'] = 'd',
): { readonly relation: Relation; readonly facts: TableFacts } {
  const common = { oid: 1, schema: 'public', table: 'orders', replicaIdentity };
  const plain = columns.map(({ name, type, typmod = -1 }) => ({ name, type: builtin[type], typmod }));
  return {
    relation: {
      ...common,
      columns: plain.map(column => ({
        ...column,
        identity: replicaIdentity === 'f' || (replicaIdentity === 'd' && key.includes(column.name)),
      })),
    },
    facts: {
      ...common,
      partitioned: false,
      rows: 0,
      bytes: 0,
      version: '1',
      file: 1,
      publication: null,
      columns: plain.map((column, i) => ({
        ...column,
        number: i + 1,
        version: '1',
        typeName: `pg_catalog.${columns[i]?.type}`,
        collation: null,
        notNull: columns[i]?.notNull === true || key.includes(column.name),
        default: columns[i]?.default ?? null,
        generated: false,
      })),
      indexes:
        key.length === 0 ? [] : [{ primary: true, identity: false, columns: key, immediate: true, ordered: true }],
    },
  };
}
