import type { TransformFactory } from '../api/index.ts';
import type { NamedComponent } from '../config/connector-config/class-names.ts';

/** A transform class and its module, imported on first use. */
export interface TransformEntry extends NamedComponent {
  // biome-ignore lint/suspicious/noExplicitAny: each factory's configuration type is its own
  load(): Promise<TransformFactory<any>>;
}

const connect = (name: string, load: TransformEntry['load']): TransformEntry => ({
  names: [`org.apache.kafka.connect.transforms.${name}`],
  load,
});

/** All built-in transforms. A new transform is a file and an entry here. */
export const transforms: readonly TransformEntry[] = [
  {
    names: ['io.debezium.transforms.ExtractNewRecordState'],
    load: async () => (await import('./debezium/extract-new-record-state.ts')).extractNewRecordState,
  },
  connect('Cast$Key', async () => (await import('./connect/cast.ts')).castKey),
  connect('Cast$Value', async () => (await import('./connect/cast.ts')).castTransformValue),
  connect('DropHeaders', async () => (await import('./connect/drop-headers.ts')).dropHeaders),
  connect('ExtractField$Key', async () => (await import('./connect/extract-field.ts')).extractFieldKey),
  connect('ExtractField$Value', async () => (await import('./connect/extract-field.ts')).extractFieldValue),
  connect('Filter', async () => (await import('./connect/filter.ts')).filter),
  connect('Flatten$Key', async () => (await import('./connect/flatten.ts')).flattenKey),
  connect('Flatten$Value', async () => (await import('./connect/flatten.ts')).flattenValue),
  connect('HeaderFrom$Key', async () => (await import('./connect/header-from.ts')).headerFromKey),
  connect('HeaderFrom$Value', async () => (await import('./connect/header-from.ts')).headerFromValue),
  connect('HoistField$Key', async () => (await import('./connect/hoist-field.ts')).hoistFieldKey),
  connect('HoistField$Value', async () => (await import('./connect/hoist-field.ts')).hoistFieldValue),
  connect('InsertField$Key', async () => (await import('./connect/insert-field.ts')).insertFieldKey),
  connect('InsertField$Value', async () => (await import('./connect/insert-field.ts')).insertFieldValue),
  connect('InsertHeader', async () => (await import('./connect/insert-header.ts')).insertHeader),
  connect('MaskField$Key', async () => (await import('./connect/mask-field.ts')).maskFieldKey),
  connect('MaskField$Value', async () => (await import('./connect/mask-field.ts')).maskFieldValue),
  connect('RegexRouter', async () => (await import('./connect/regex-router.ts')).regexRouter),
  connect('ReplaceField$Key', async () => (await import('./connect/replace-field.ts')).replaceFieldKey),
  connect('ReplaceField$Value', async () => (await import('./connect/replace-field.ts')).replaceFieldValue),
  connect('SetSchemaMetadata$Key', async () => (await import('./connect/set-schema-metadata.ts')).setSchemaMetadataKey),
  connect(
    'SetSchemaMetadata$Value',
    async () => (await import('./connect/set-schema-metadata.ts')).setSchemaMetadataValue,
  ),
  connect(
    'TimestampConverter$Key',
    async () => (await import('./connect/timestamp-converter.ts')).timestampConverterKey,
  ),
  connect(
    'TimestampConverter$Value',
    async () => (await import('./connect/timestamp-converter.ts')).timestampConverterValue,
  ),
  connect('TimestampRouter', async () => (await import('./connect/timestamp-router.ts')).timestampRouter),
  connect('ValueToKey', async () => (await import('./connect/value-to-key.ts')).valueToKey),
];
