/** Values of `topic.naming.strategy`. */
export const strategies = [
  'io.debezium.schema.SchemaTopicNamingStrategy',
  'io.debezium.schema.DefaultTopicNamingStrategy',
] as const;

/** Names of topics and schemas, as Debezium's naming strategies and name adjusters build them. */
export interface TopicNaming {
  readonly heartbeat: string;
  readonly transaction: string;
  readonly message: string;
  /** Topic of a table's records, and prefix of the names of its schemas. */
  table(schema: string, table: string): string;
}

export interface TopicNamingOptions {
  readonly prefix: string;
  readonly delimiter: string;
  /** True if the topic's name contains the schema. */
  readonly withSchema: boolean;
  readonly heartbeatPrefix: string;
  readonly transaction: string;
}

/** Replaces characters that are invalid in a topic's name by underscores. */
const sanitized = (name: string): string => name.replace(/[^A-Za-z0-9._-]/g, '_');

export function topicNaming(options: TopicNamingOptions): TopicNaming {
  const { prefix, delimiter, withSchema, heartbeatPrefix, transaction } = options;
  const join = (...parts: string[]) => sanitized(parts.join(delimiter));
  return {
    heartbeat: join(heartbeatPrefix, prefix),
    transaction: join(prefix, transaction),
    // Debezium joins this name with a dot whatever the delimiter is.
    message: sanitized(`${prefix}.message`),
    table: (schema, table) => (withSchema ? join(prefix, schema, table) : join(prefix, table)),
  };
}

/** `schema.name.adjustment.mode` and `field.name.adjustment.mode` */
export type NameAdjustment = 'none' | 'avro' | 'avro_unicode';

/** Converts names to valid Avro names: of types, whose parts are separated by dots, or of fields. */
export function nameAdjuster(mode: NameAdjustment, dots: boolean): (name: string) => string {
  if (mode === 'none') return name => name;
  const unicode = mode === 'avro_unicode';
  const allowed = unicode ? /[A-Za-z0-9]/ : /[A-Za-z0-9_]/;
  const replaced = (character: string) =>
    unicode ? `_u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}` : '_';
  return name =>
    [...name]
      .map((character, i) => {
        if (dots && i > 0 && character === '.') return character;
        // Debezium replaces a leading digit of a type's name, and prefixes that of a field with an underscore.
        if (!dots && !unicode && i === 0 && /\d/.test(character)) return `_${character}`;
        return allowed.test(character) && (i > 0 || !/\d/.test(character)) ? character : replaced(character);
      })
      .join('');
}
