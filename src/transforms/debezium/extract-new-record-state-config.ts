import type { Config } from '../../config/spec.ts';
import { booleanKey, defineConfig, enumKey, listKey, stringKey } from '../../config/spec.ts';

const deleteModes = ['drop', 'tombstone', 'rewrite', 'rewrite-with-tombstone', 'delete-to-tombstone'] as const;
export type DeleteMode = (typeof deleteModes)[number];

const checkReferences = (list: readonly string[]) =>
  list.some(text => text.split(':').length > 2) ? 'Unexpected field name' : undefined;

export const config = defineConfig(
  {
    'delete.tombstone.handling.mode': enumKey<DeleteMode, null>(deleteModes, {
      doc: "Handling of deletes. 'drop': drops the delete and the tombstone; 'tombstone': emits one record without a value; 'rewrite': emits the deleted row with a field __deleted = true and drops the tombstone; 'rewrite-with-tombstone': also emits the tombstone; 'delete-to-tombstone': converts the delete to a tombstone without a schema.",
      // Null differs from 'tombstone': the former keys only apply if this key is absent.
      default: null,
      defaultText: 'tombstone',
      width: 'medium',
      displayName: 'Handle delete and tombstone records',
    }),
    'route.by.field': stringKey({
      doc: 'Name of the column whose value is the name of the topic.',
      default: '',
      importance: 'low',
      width: 'long',
      displayName: 'Route by field name',
    }),
    'add.fields.prefix': stringKey({
      doc: 'Prefix of the name of each added field.',
      default: '__',
      importance: 'low',
      width: 'short',
      displayName: 'Field prefix to be added to each field.',
    }),
    'add.fields': listKey({
      doc: 'Fields of the envelope to add to the row, such as op, table, source.ts_ms; table:NAME sets the name after the prefix.',
      default: [],
      importance: 'low',
      width: 'long',
      displayName: 'Adds the specified field(s) to the message if they exist.',
      check: checkReferences,
    }),
    'add.headers.prefix': stringKey({
      doc: 'Prefix of the name of each added header.',
      default: '__',
      importance: 'low',
      width: 'short',
      displayName: 'Header prefix to be added to each header.',
    }),
    'add.headers': listKey({
      doc: 'Fields of the envelope to add as headers, in the syntax of add.fields.',
      default: [],
      importance: 'low',
      width: 'long',
      displayName: 'Adds the specified fields to the header if they exist.',
      check: checkReferences,
    }),
    'drop.fields.header.name': stringKey({
      doc: 'Name of the header that contains the list of fields to drop from the row.',
      default: null,
      importance: 'low',
      width: 'short',
      displayName: 'Specifies a header that contains a list of field names to be removed',
    }),
    'drop.fields.from.key': booleanKey({
      doc: 'Whether the fields are also dropped from the key.',
      default: false,
      importance: 'low',
      width: 'short',
      displayName: 'Specifies whether the fields to be dropped should also be omitted from the key',
    }),
    'drop.fields.keep.schema.compatible': booleanKey({
      doc: 'Whether only optional fields are dropped.',
      default: true,
      importance: 'low',
      width: 'short',
      displayName: "Specifies if fields are dropped, will the event's schemas be compatible",
    }),
    'drop.tombstones': booleanKey({
      doc: "Former key, ignored if delete.tombstone.handling.mode is set. Whether tombstones are dropped; defaults to true if 'delete.handling.mode' is set.",
      default: null,
      importance: 'low',
    }),
    'delete.handling.mode': enumKey(['', 'drop', 'none', 'rewrite'], {
      doc: "Former key, ignored if delete.tombstone.handling.mode is set. 'drop': drops deletes; 'none': emits a record without a value; 'rewrite': emits the deleted row with a field __deleted = true. Defaults to 'drop' if 'drop.tombstones' is set.",
      default: '',
      importance: 'low',
    }),
    'replace.null.with.default': booleanKey({
      doc: 'Whether nulls are replaced with the defaults of their fields when a row is rewritten.',
      default: true,
      importance: 'low',
    }),
  },
  { warn: formerKeyWarnings },
);
export type Settings = Config<typeof config>;

interface ModeSettings {
  readonly 'delete.tombstone.handling.mode': DeleteMode | null;
  readonly 'drop.tombstones': boolean | null;
  readonly 'delete.handling.mode': '' | 'drop' | 'none' | 'rewrite';
}

/** The delete handling mode, from the current key or from the two keys of earlier Debezium versions. */
export function resolveDeleteMode(settings: ModeSettings): DeleteMode {
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

function formerKeyWarnings(settings: ModeSettings): Record<string, string | undefined> {
  const {
    'delete.tombstone.handling.mode': mode,
    'drop.tombstones': drop,
    'delete.handling.mode': handling,
  } = settings;
  const warning =
    mode === null
      ? `is a former key: use delete.tombstone.handling.mode=${resolveDeleteMode(settings)}`
      : 'is ignored because delete.tombstone.handling.mode is set: remove it';
  return {
    'drop.tombstones': drop === null ? undefined : `drop.tombstones ${warning}`,
    'delete.handling.mode': handling === '' ? undefined : `delete.handling.mode ${warning}`,
  };
}
