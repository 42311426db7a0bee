import { get, isStruct, memberOf, type Value } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import { type Settings, topicPlaceholder } from '../config/settings.ts';
import { isPlainObject } from '../values/literal.ts';
import { MAX_NAME_BYTES, nameParts, quoteTable, storedName, type TableName } from './identifiers.ts';

const sourcePlaceholder = /\$\{source\.([^{}]+)\}/g;

/** Names of destination tables, from the configured format. */
export class TableNames {
  readonly #settings: Settings;
  readonly #database: string;
  readonly #byTopic = new Map<string, TableName>();
  /** Names before truncation, by the truncated name. */
  readonly #fullNames = new Map<string, string>();
  /** True if names depend on the event's source block: a topic may then contain records of several tables. */
  readonly dependsOnSource: boolean;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#database = settings.destination.database;
    this.dependsOnSource = settings.tableFormat.search(sourcePlaceholder) >= 0;
  }

  /**
   * source: the event's source block, read only if the format refers to it. Returns null if the record lacks a field that
   * the format refers to: such a record has no table. Throws SINK_SCHEMA.
   */
  resolve(topic: string, source: Value | undefined): TableName | null {
    if (!this.dependsOnSource) {
      let name = this.#byTopic.get(topic);
      if (name === undefined) {
        name = this.#parse(this.#withTopic(topic), topic);
        this.#byTopic.set(topic, name);
      }
      return name;
    }
    let missing = false;
    const text = this.#withTopic(topic).replace(sourcePlaceholder, (_mark, field: string) => {
      const value = fieldOf(source, field);
      if (value === null || value === undefined) missing = true;
      return String(value);
    });
    return missing ? null : this.#parse(text, topic);
  }

  #withTopic(topic: string): string {
    const { tableFormat, dotsToUnderscores } = this.#settings;
    return tableFormat.replaceAll(topicPlaceholder, () => (dotsToUnderscores ? topic.replaceAll('.', '_') : topic));
  }

  #parse(text: string, topic: string): TableName {
    const { quoteIdentifiers: quoted, names } = this.#settings;
    const parts = nameParts(text);
    const table = parts.at(-1);
    const database = parts.at(-3);
    if (table === undefined || parts.length > 3 || (database !== undefined && database !== this.#database)) {
      throw new MillraceError(
        'SINK_SCHEMA',
        `The topic ${topic} results in the table name ${text}, which is not schema.table of the database ${this.#database}: ` +
          `set ${names.tableFormat}, or rename the topic with a RegexRouter transform.`,
      );
    }
    const schema = parts.at(-2);
    const name = {
      schema: schema === undefined ? undefined : storedName(schema, quoted),
      table: storedName(table, quoted),
    };
    this.#rejectTruncationConflict(quoteTable(name), quoted ? table : table.toLowerCase());
    return name;
  }

  /** Rejects two names that PostgreSQL would truncate to the same table. */
  #rejectTruncationConflict(sql: string, table: string): void {
    const other = this.#fullNames.get(sql) ?? table;
    this.#fullNames.set(sql, other);
    if (other === table || Math.max(Buffer.byteLength(other), Buffer.byteLength(table)) <= MAX_NAME_BYTES) return;
    throw new MillraceError(
      'SINK_SCHEMA',
      `The table names ${other} and ${table} are longer than the ${MAX_NAME_BYTES} bytes of a name in PostgreSQL, and would both ` +
        `become ${sql}: set ${this.#settings.names.tableFormat}, or rename the topics with a RegexRouter transform.`,
    );
  }
}

function fieldOf(source: Value | undefined, name: string): Value | undefined {
  if (isStruct(source)) return get(source, name);
  return isPlainObject(source) ? memberOf(source, name) : undefined;
}
