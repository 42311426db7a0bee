import type { ByteWriter, Struct, StructSchema, Value } from '../../api/index.ts';
import { Bytes } from '../../api/index.ts';
import type { Encode } from '../../converters/json/json-encoders.ts';
import { Encoders } from '../../converters/json/json-encoders.ts';

/** Fields to append to structs of one schema. Created once for each schema. */
export interface Extension {
  /** The fields of the base struct, followed by the added fields. */
  readonly schema: StructSchema;
  readonly baseCount: number;
  /** Defaults that replace nulls in the fields of the base, by index; undefined if nulls are not replaced. */
  readonly defaults: readonly Value[] | undefined;
  /** JSON names of the added fields, and their encoders with JsonConverter's default settings. */
  readonly names: readonly Uint8Array[];
  readonly encoders: readonly Encode[];
}

/** `replaceNull`: replaces nulls in the fields of the base with the defaults. */
export function createExtension(schema: StructSchema, baseCount: number, replaceNull = false): Extension {
  const encoders = new Encoders({ numericDecimals: false, replaceNullWithDefault: true });
  const added = schema.fields.slice(baseCount);
  return {
    schema,
    baseCount,
    defaults: replaceNull ? schema.fields.slice(0, baseCount).map(field => field.schema.default ?? null) : undefined,
    names: added.map(({ name }, i) => {
      const bytes = new Bytes(64);
      bytes.ascii(baseCount + i === 0 ? '' : ',');
      bytes.jsonText(name);
      bytes.ascii(':');
      return bytes.take();
    }),
    encoders: added.map(field => encoders.encoderOf(field.schema)),
  };
}

/** Combines `base` and the values of the added fields into one struct, which writes its own JSON if the base does. */
export function extendStruct(base: Struct, added: readonly Value[], extension: Extension): Struct {
  return base.json === undefined
    ? new ExtendedStruct(base, added, extension)
    : new ExtendedJsonStruct(base, added, extension);
}

class ExtendedStruct implements Struct {
  readonly schema: StructSchema;
  protected readonly base: Struct;
  protected readonly added: readonly Value[];
  protected readonly extension: Extension;

  constructor(base: Struct, added: readonly Value[], extension: Extension) {
    this.schema = extension.schema;
    this.base = base;
    this.added = added;
    this.extension = extension;
  }

  at(index: number): Value {
    const { baseCount, defaults } = this.extension;
    if (index >= baseCount) return this.added[index - baseCount] ?? null;
    return this.base.at(index) ?? defaults?.[index] ?? null;
  }
}

const CLOSE = 0x7d;

class ExtendedJsonStruct extends ExtendedStruct {
  json(out: ByteWriter): void {
    this.base.json?.(out);
    // Overwrites the closing brace of the base with the added members.
    out.length--;
    const { names, encoders } = this.extension;
    for (let i = 0; i < names.length; i++) {
      out.raw(names[i] as Uint8Array);
      (encoders[i] as Encode)(this.added[i] ?? null, out);
    }
    out.reserve(1);
    out.buffer[out.length++] = CLOSE;
  }
}
