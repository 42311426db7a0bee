import { get, isStruct, memberOf, type Value } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import { type Settings, topicMark } from '../config/settings.ts';
import { isPlainObject } from '../values/literals.ts';
import { MAX_BYTES, nameParts, quoteTable, stored, type TableName } from './identifiers.ts';

const sourceMark = /\$\{source\.([^{}]+)\}/g;

/** Names of destination tables, as the configured format makes them. */
export class TableNames {
  readonly #settings: Settings;
  readonly #database: string;
  readonly #byTopic = new Map<string, TableName>();
  /** Names as they were before they were cut, by what is left of them. */
  readonly #uncut = new Map<string, string>();
  /** Whether names come of the event's source block, so that a topic may hold several tables. */
  readonly bySource: boolean;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#database = settings.destination.database;
    this.bySource = settings.tableFormat.search(sourceMark) >= 0;
  }

  /**
   * source: the event's source block, asked only where the format does. null where the format asks for what the record
   * does not have: such a record has no table. Throws SINK_SCHEMA.
   */
  of(topic: string, source: Value | undefined): TableName | null {
    if (!this.bySource) {
      let name = this.#byTopic.get(topic);
      if (name === undefined) {
        name = this.#parse(this.#withTopic(topic), topic);
        this.#byTopic.set(topic, name);
      }
      return name;
    }
    let missing = false;
    const text = this.#withTopic(topic).replace(sourceMark, (_mark, field: string) => {
      const value = fieldOf(source, field);
      if (value === null || value === undefined) missing = true;
      return String(value);
    });
    return missing ? null : this.#parse(text, topic);
  }

  #withTopic(topic: string): string {
    const { tableFormat, dotsToUnderscores } = this.#settings;
    return tableFormat.replaceAll(topicMark, () => (dotsToUnderscores ? topic.replaceAll('.', '_') : topic));
  }

  #parse(text: string, topic: string): TableName {
    const { quoted, names } = this.#settings;
    const parts = nameParts(text);
    const table = parts.at(-1);
    const database = parts.at(-3);
    if (table === undefined || parts.length > 3 || (database !== undefined && database !== this.#database)) {
      throw new MillraceError(
        'SINK_SCHEMA',
        `The topic ${topic} makes the table name ${text}, which is not schema.table of the database ${this.#database}: ` +
          `set ${names.tableFormat}, or rename the topic with a RegexRouter transform.`,
      );
    }
    const schema = parts.at(-2);
    const name = {
      schema: schema === undefined ? undefined : stored(schema, quoted),
      table: stored(table, quoted),
    };
    this.#refuseSameCut(quoteTable(name), quoted ? table : table.toLowerCase());
    return name;
  }

  /** Rows of two tables must not end in one because PostgreSQL cuts names. */
  #refuseSameCut(sql: string, table: string): void {
    const other = this.#uncut.get(sql) ?? table;
    this.#uncut.set(sql, other);
    if (other === table || Math.max(Buffer.byteLength(other), Buffer.byteLength(table)) <= MAX_BYTES) return;
    throw new MillraceError(
      'SINK_SCHEMA',
      `The table names ${other} and ${table} are longer than the ${MAX_BYTES} bytes of a name in PostgreSQL, and would both ` +
        `become ${sql}: set ${this.#settings.names.tableFormat}, or rename the topics with a RegexRouter transform.`,
    );
  }
}

function fieldOf(source: Value | undefined, name: string): Value | undefined {
  if (isStruct(source)) return get(source, name);
  return isPlainObject(source) ? memberOf(source, name) : undefined;
}
