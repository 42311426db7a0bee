import fc from 'fast-check';
import pg from 'pg';
import type { TestDatabase } from '../../../support/database.ts';
import { columnsOfEveryType, type GeneratedColumn } from '../../../support/generate/columns.ts';
import { quoted } from '../../../support/generate/identifiers.ts';
import type { Draw } from '../../../support/generate/index.ts';
import { type Seeded, seeded } from '../../../support/seed.ts';

type Identity = 'default' | 'full' | 'index' | 'nothing';

const VALUES = 12;
const MOST_COLUMNS = 6;
/** Stored out of line: an update of another column sends it as unchanged. */
const LARGE_BYTES = 9000;

interface GeneratedTable {
  readonly identity: Identity;
  readonly name: string;
  readonly columns: GeneratedColumn[];
  readonly ids: Set<number>;
}

/** Prefix of the message after the last change. */
export const LAST_MESSAGE = 'last';

/** Random tables, one of each replica identity, and random transactions on them. */
export class Workload {
  readonly #draw: Draw;
  readonly #random: Seeded;
  readonly #db: TestDatabase;
  readonly #tables: GeneratedTable[] = [];
  #nextId = 1;

  private constructor(draw: Draw, db: TestDatabase) {
    this.#draw = draw;
    this.#random = seeded(draw.value(fc.nat()));
    this.#db = db;
  }

  static async create(draw: Draw, db: TestDatabase): Promise<Workload> {
    const workload = new Workload(draw, db);
    for (const identity of ['default', 'full', 'index', 'nothing'] as const) await workload.#createTable(identity);
    return workload;
  }

  async #createTable(identity: Identity): Promise<void> {
    const samples = this.#draw.value(
      fc.shuffledSubarray(this.#draw.value(columnsOfEveryType(VALUES)), { maxLength: MOST_COLUMNS }),
    );
    const columns = samples.map(column => ({ ...column, name: this.#draw.column() }));
    const schema = quoted(this.#draw.schema());
    const name = `${schema}.${quoted(this.#draw.table())}`;
    await this.#db.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await this.#db.query(
      `CREATE TABLE ${name} (${[
        '"the id" int PRIMARY KEY',
        '"other id" int NOT NULL',
        '"large value" text',
        ...columns.map(column => `${quoted(column.name)} ${column.type}`),
      ].join(', ')})`,
    );
    await this.#db.query(`ALTER TABLE ${name} ALTER "large value" SET STORAGE EXTERNAL`);
    if (identity === 'index') {
      await this.#db.query(`CREATE UNIQUE INDEX other_id ON ${name} ("other id")`);
      await this.#db.query(`ALTER TABLE ${name} REPLICA IDENTITY USING INDEX other_id`);
    } else await this.#db.query(`ALTER TABLE ${name} REPLICA IDENTITY ${identity}`);
    this.#tables.push({ identity, name, columns, ids: new Set() });
  }

  /** Runs so many transactions, then a message with the prefix LAST_MESSAGE. */
  async run(transactions: number): Promise<void> {
    const client = await this.#db.client();
    await client.query('SELECT pg_replication_origin_create($1), pg_replication_origin_session_setup($1)', [
      this.#db.name,
    ]);
    for (let i = 0; i < transactions; i++) {
      await client.query('BEGIN');
      if (this.#chance(4)) await client.query("SELECT pg_replication_origin_xact_setup('1/2345', now())");
      for (let left = this.#random.between(1, 6); left > 0; left--) await client.query(this.#statement());
      await client.query('COMMIT');
      if (this.#chance(10)) await client.query(this.#message(false));
    }
    await client.query(`SELECT pg_logical_emit_message(false, '${LAST_MESSAGE}', ''::text)`);
    await client.query('SELECT pg_replication_origin_session_reset(), pg_replication_origin_drop($1)', [this.#db.name]);
  }

  #statement(): string {
    const table = this.#one(this.#tables);
    const changes = table.identity === 'nothing' || table.ids.size === 0 ? 'insert' : undefined;
    const insert = () => this.#insert(table);
    const update = () => this.#update(table);
    const kinds = [insert, insert, insert, insert, update, update, update, () => this.#changeKey(table)];
    if (changes === undefined && !this.#chance(10)) return this.#one([...kinds, () => this.#delete(table)])();
    if (this.#chance(2)) return insert();
    return this.#one([() => this.#alter(table), () => this.#message(true), () => this.#truncate()])();
  }

  #insert(table: GeneratedTable): string {
    const id = this.#nextId++;
    table.ids.add(id);
    const large = this.#chance(2) ? `repeat('${this.#random.between(0, 10)}', ${LARGE_BYTES})` : 'NULL';
    return `INSERT INTO ${table.name} VALUES (${[id, -id, large, ...table.columns.map(column => this.#value(column))].join(', ')})`;
  }

  #update({ name, ids, columns }: GeneratedTable): string {
    const column = columns.length === 0 ? undefined : this.#one(columns);
    const change = column === undefined ? '"large value" = NULL' : `${quoted(column.name)} = ${this.#value(column)}`;
    return `UPDATE ${name} SET ${change} WHERE "the id" = ${this.#one([...ids])}`;
  }

  #changeKey({ name, ids }: GeneratedTable): string {
    const old = this.#one([...ids]);
    const id = this.#nextId++;
    ids.delete(old);
    ids.add(id);
    return `UPDATE ${name} SET "the id" = ${id}, "other id" = ${-id} WHERE "the id" = ${old}`;
  }

  #delete({ name, ids }: GeneratedTable): string {
    const id = this.#one([...ids]);
    ids.delete(id);
    return `DELETE FROM ${name} WHERE "the id" = ${id}`;
  }

  #truncate(): string {
    const tables = this.#chance(2) ? this.#tables : [this.#one(this.#tables)];
    for (const { ids } of tables) ids.clear();
    const options = this.#one(['', 'CASCADE', 'RESTART IDENTITY', 'RESTART IDENTITY CASCADE']);
    return `TRUNCATE ${tables.map(({ name }) => name).join(', ')} ${options}`;
  }

  /** Adds, drops or renames a column. */
  #alter({ name, columns }: GeneratedTable): string {
    const at = this.#random.between(0, columns.length);
    const column = columns[at];
    if (column === undefined || this.#chance(3)) {
      const [type, value] = this.#one([
        ['int4', '-1'],
        ['text', 'x'],
        ['bool', 't'],
        ['int8[]', '{1,NULL}'],
      ] as const);
      const added = { name: this.#draw.column(), type, values: [null, value] };
      columns.push(added);
      return `ALTER TABLE ${name} ADD ${quoted(added.name)} ${type}`;
    }
    if (this.#chance(2)) {
      columns.splice(at, 1);
      return `ALTER TABLE ${name} DROP ${quoted(column.name)}`;
    }
    const renamed = { ...column, name: this.#draw.column() };
    columns[at] = renamed;
    return `ALTER TABLE ${name} RENAME ${quoted(column.name)} TO ${quoted(renamed.name)}`;
  }

  #message(transactional: boolean): string {
    const prefix = this.#one(['drawn', '', 'größe 🦀', "it's"]);
    const content = this.#one(['', '00', 'ff'.repeat(this.#random.between(1, 300)), '7b7d0a']);
    return `SELECT pg_logical_emit_message(${transactional}, ${pg.escapeLiteral(prefix)}, '\\x${content}'::bytea)`;
  }

  #value({ type, values }: GeneratedColumn): string {
    const value = this.#one(values);
    return value === null ? 'NULL' : `${pg.escapeLiteral(value)}::text::${type}`;
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#random.between(0, list.length)] as T;
  }

  /** True once in `of` times. */
  #chance(of: number): boolean {
    return this.#random.between(0, of) === 0;
  }
}
