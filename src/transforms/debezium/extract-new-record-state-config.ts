import type { Config } from '../../config/spec.ts';
import { booleanKey, defineConfig, enumKey, listKey, stringKey } from '../../config/spec.ts';

const modes = ['drop', 'tombstone', 'rewrite', 'rewrite-with-tombstone', 'delete-to-tombstone'] as const;
export type Mode = (typeof modes)[number];

const references = (list: readonly string[]) =>
  list.some(text => text.split(':').length > 2) ? 'Unexpected field name' : undefined;

export const config = defineConfig(
  {
    'delete.tombstone.handling.mode': enumKey<Mode, null>(modes, {
      doc: "What becomes of deletes: 'drop': delete and tombstone are dropped; 'tombstone': of both, one record without a value stays; 'rewrite': the deleted row with a field __deleted = true, no tombstone; 'rewrite-with-tombstone': the same, and the tombstone; 'delete-to-tombstone': a tombstone without a schema in place of the delete.",
      // To be told from 'tombstone': the earlier keys count only where this one is absent.
      default: null,
      defaultText: 'tombstone',
      width: 'medium',
      displayName: 'Handle delete and tombstone records',
    }),
    'route.by.field': stringKey({
      doc: 'A column whose value becomes the name of the topic.',
      default: '',
      importance: 'low',
      width: 'long',
      displayName: 'Route by field name',
    }),
    'add.fields.prefix': stringKey({
      doc: 'Stands before the name of each added field.',
      default: '__',
      importance: 'low',
      width: 'short',
      displayName: 'Field prefix to be added to each field.',
    }),
    'add.fields': listKey({
      doc: 'Fields of the envelope to add to the row, such as op, table, source.ts_ms; table:NAME gives a name of its own behind the prefix.',
      default: [],
      importance: 'low',
      width: 'long',
      displayName: 'Adds the specified field(s) to the message if they exist.',
      check: references,
    }),
    'add.headers.prefix': stringKey({
      doc: 'Stands before the name of each added header.',
      default: '__',
      importance: 'low',
      width: 'short',
      displayName: 'Header prefix to be added to each header.',
    }),
    'add.headers': listKey({
      doc: 'Fields of the envelope to add as headers, written as in add.fields.',
      default: [],
      importance: 'low',
      width: 'long',
      displayName: 'Adds the specified fields to the header if they exist.',
      check: references,
    }),
    'drop.fields.header.name': stringKey({
      doc: 'A header that holds a list of fields to take out of the row.',
      default: null,
      importance: 'low',
      width: 'short',
      displayName: 'Specifies a header that contains a list of field names to be removed',
    }),
    'drop.fields.from.key': booleanKey({
      doc: 'Whether those fields are taken out of the key too.',
      default: false,
      importance: 'low',
      width: 'short',
      displayName: 'Specifies whether the fields to be dropped should also be omitted from the key',
    }),
    'drop.fields.keep.schema.compatible': booleanKey({
      doc: 'Whether only optional fields are taken out.',
      default: true,
      importance: 'low',
      width: 'short',
      displayName: "Specifies if fields are dropped, will the event's schemas be compatible",
    }),
    'drop.tombstones': booleanKey({
      doc: "Of earlier versions; without effect beside delete.tombstone.handling.mode. Whether tombstones are dropped; true where only 'delete.handling.mode' is given.",
      default: null,
      importance: 'low',
    }),
    'delete.handling.mode': enumKey(['', 'drop', 'none', 'rewrite'], {
      doc: "Of earlier versions; without effect beside delete.tombstone.handling.mode. 'drop': deletes are dropped; 'none': a delete becomes a record without a value; 'rewrite': the deleted row with a field __deleted = true. 'drop' where only 'drop.tombstones' is given.",
      default: '',
      importance: 'low',
    }),
    'replace.null.with.default': booleanKey({
      doc: 'Whether nulls become their defaults when a row is rewritten.',
      default: true,
      importance: 'low',
    }),
  },
  { warn: warnings },
);
export type Settings = Config<typeof config>;

interface ModeSettings {
  readonly 'delete.tombstone.handling.mode': Mode | null;
  readonly 'drop.tombstones': boolean | null;
  readonly 'delete.handling.mode': '' | 'drop' | 'none' | 'rewrite';
}

/** Debezium's mode, which earlier versions had in two keys. */
export function modeOf(settings: ModeSettings): Mode {
  const {
    'delete.tombstone.handling.mode': mode,
    'drop.tombstones': drop,
    'delete.handling.mode': handling,
  } = settings;
  if (mode !== null) return mode;
  if (drop === null && handling === '') return 'tombstone';
  if (handling === 'rewrite') return drop === false ? 'rewrite-with-tombstone' : 'rewrite';
  return handling === 'none' || drop === false ? 'tombstone' : 'drop';
}

function warnings(settings: ModeSettings): Record<string, string | undefined> {
  const {
    'delete.tombstone.handling.mode': mode,
    'drop.tombstones': drop,
    'delete.handling.mode': handling,
  } = settings;
  const warning =
    mode === null
      ? `is a key of earlier versions: use delete.tombstone.handling.mode=${modeOf(settings)}`
      : 'has no effect beside delete.tombstone.handling.mode: remove it';
  return {
    'drop.tombstones': drop === null ? undefined : `drop.tombstones ${warning}`,
    'delete.handling.mode': handling === '' ? undefined : `delete.handling.mode ${warning}`,
  };
}
