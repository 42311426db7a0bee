import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type pg from 'pg';
import type { SourceRecord } from '../../../src/api/index.ts';
import { Bytes } from '../../../src/api/index.ts';
import { converter } from '../../converters/neutral.ts';

/**
 * Records of Debezium 3.7 for `schema.sql`, `rows.sql` (as snapshot with k = 0 and streamed with k = 100) and `changes.sql`,
 * by configuration. Names of databases are `golden`; values that differ between runs are removed.
 */
export interface Golden {
  readonly config: Readonly<Record<string, string>>;
  readonly schemas: readonly Shape[];
  readonly records: readonly GoldenRecord[];
}

export interface GoldenRecord {
  readonly topic: string;
  readonly key: Row | null;
  readonly value: GoldenValue | null;
  /** Indexes of `schemas`. */
  readonly keySchema?: number;
  readonly valueSchema?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface GoldenValue {
  readonly op?: string;
  readonly before?: Row | null;
  readonly after?: Row | null;
  readonly snapshot?: string;
}

export type Row = Readonly<Record<string, unknown>>;

/** A schema as JsonConverter encodes it. */
export interface Shape {
  readonly type: string;
  readonly field?: string;
  readonly fields?: readonly Shape[];
}

const folder = new URL('../../connectors/postgresql/golden/', import.meta.url);
const text = (name: string): string => readFileSync(new URL(name, folder), 'utf8');

export const golden = JSON.parse(
  gunzipSync(readFileSync(new URL('debezium-3.7.json.gz', folder))).toString(),
) as Readonly<Record<string, Golden>>;

/** Runs a script like psql: by statement, with a number for `:k`, in UTC. */
export async function runScript(client: pg.Client, name: string, k = 0): Promise<void> {
  await client.query("SET timezone = 'UTC'");
  for (const statement of text(name).replaceAll(':k', String(k)).split(/;\n/))
    if (statement.trim() !== '') await client.query(statement);
}

const withSchemas = converter({});

/** Integers beyond 2^53 keep their digits. */
function parse(json: string): unknown {
  return JSON.parse(json, ((_key: string, value: unknown, { source }: { source: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
      ? `int64:${source}`
      : value) as (key: string, value: unknown) => unknown);
}

/** A key or value as in Kafka, with its schema; null for null. */
export function inKafka(record: SourceRecord, side: 'key' | 'value'): { schema: Shape; payload: unknown } | null {
  const out = new Bytes();
  const schema = side === 'key' ? record.keySchema : record.valueSchema;
  if (!withSchemas.fromConnect(record.topic, schema, record[side], out)) return null;
  return parse(out.take().toString()) as { schema: Shape; payload: unknown };
}
