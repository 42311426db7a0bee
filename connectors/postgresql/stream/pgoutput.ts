import { type ColumnOffsets, IS_NULL, IS_UNCHANGED } from '../../../src/cdc/record/row-struct.ts';
import type { Relation, RelationColumn, ReplicaIdentity } from '../catalog/relation.ts';
import { type Lsn, readInt32, readLsn, readUint16, readUint32, readUint64 } from '../position/lsn.ts';

/**
 * Logical replication messages of the pgoutput plugin, protocol version 1, values as text
 * (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html). `at` is the offset after the message's type.
 */
export const Message = {
  begin: 0x42,
  commit: 0x43,
  origin: 0x4f,
  relation: 0x52,
  type: 0x59,
  insert: 0x49,
  update: 0x55,
  delete: 0x44,
  truncate: 0x54,
  logical: 0x4d,
} as const;

const NULL = 0x6e;
const UNCHANGED = 0x75;

/** Microseconds between 1970 and 2000, PostgreSQL's epoch. */
export const POSTGRES_EPOCH_MICROS = 946_684_800_000_000;

export interface Begin {
  /** Start of the commit record. */
  readonly commitLsn: Lsn;
  /** Microseconds since 1970. */
  readonly micros: number;
  readonly xid: number;
}

export function readBegin(bytes: Buffer, at: number): Begin {
  return {
    commitLsn: readLsn(bytes, at),
    micros: readUint64(bytes, at + 8) + POSTGRES_EPOCH_MICROS,
    xid: readUint32(bytes, at + 16),
  };
}

/** End of the transaction: the first byte after its commit record. */
export const readCommitEnd = (bytes: Buffer, at: number): Lsn => readLsn(bytes, at + 9);

export function readOrigin(bytes: Buffer, at: number): { readonly lsn: Lsn; readonly name: string } {
  return { lsn: readLsn(bytes, at), name: bytes.toString('utf8', at + 8, bytes.indexOf(0, at + 8)) };
}

export function readRelation(bytes: Buffer, start: number): Relation {
  let at = start + 4;
  const string = (): string => {
    const end = bytes.indexOf(0, at);
    const text = bytes.toString('utf8', at, end);
    at = end + 1;
    return text;
  };
  const schema = string() || 'pg_catalog';
  const table = string();
  const replicaIdentity = String.fromCharCode(bytes[at++] as number) as ReplicaIdentity;
  const count = readUint16(bytes, at);
  at += 2;
  const columns: RelationColumn[] = [];
  for (let i = 0; i < count; i++) {
    const identity = ((bytes[at++] as number) & 1) === 1;
    const name = string();
    columns.push({ name, type: readUint32(bytes, at), typmod: readInt32(bytes, at + 4), identity });
    at += 8;
  }
  return { oid: readUint32(bytes, start), schema, table, replicaIdentity, columns };
}

/** The tables of a TRUNCATE. */
export function readTruncated(bytes: Buffer, at: number): number[] {
  return Array.from({ length: readUint32(bytes, at) }, (_, i) => readUint32(bytes, at + 5 + 4 * i));
}

export interface LogicalMessage {
  readonly transactional: boolean;
  readonly lsn: Lsn;
  readonly prefix: string;
  readonly content: Buffer;
}

/** A message of `pg_logical_emit_message`. */
export function readLogicalMessage(bytes: Buffer, at: number): LogicalMessage {
  const prefixEnd = bytes.indexOf(0, at + 9);
  const contentAt = prefixEnd + 5;
  return {
    transactional: ((bytes[at] as number) & 1) === 1,
    lsn: readLsn(bytes, at + 1),
    prefix: bytes.toString('utf8', at + 9, prefixEnd),
    content: bytes.subarray(contentAt, contentAt + readUint32(bytes, prefixEnd + 1)),
  };
}

/** Finds the offsets of the columns of a tuple. The fields describe the tuple of the last `read`. */
export class TupleReader {
  readonly #offsets: ColumnOffsets;
  page: Int32Array;
  base = 0;
  /** Number of columns that are null, and that were not sent as unchanged. */
  nulls = 0;
  unchanged = 0;

  constructor(places: ColumnOffsets) {
    this.#offsets = places;
    this.page = places.page;
  }

  /** Reads TupleData at `start`; returns the offset after it. */
  read(bytes: Buffer, start: number): number {
    const columns = readUint16(bytes, start);
    const base = this.#offsets.take(columns);
    const { page } = this.#offsets;
    let at = start + 2;
    let nulls = 0;
    let unchanged = 0;
    for (let place = base, stop = base + columns * 2; place < stop; place += 2) {
      const kind = bytes[at++] as number;
      if (kind === NULL) {
        page[place] = IS_NULL;
        nulls++;
      } else if (kind === UNCHANGED) {
        page[place] = IS_UNCHANGED;
        unchanged++;
      } else {
        const length = readUint32(bytes, at);
        at += 4;
        page[place] = at;
        at += length;
        page[place + 1] = at;
      }
    }
    this.page = page;
    this.base = base;
    this.nulls = nulls;
    this.unchanged = unchanged;
    return at;
  }
}
