import type { ByteWriter, Struct, StructSchema, Value } from '../../api/index.ts';
import { Bytes } from '../../api/index.ts';
import type { Encode } from '../../converters/json/json-encoders.ts';
import { Encoders } from '../../converters/json/json-encoders.ts';

/** Fields put behind those of other structs: made once for each pair of schemas. */
export interface Extension {
  /** The base's fields, then the added ones. */
  readonly schema: StructSchema;
  readonly baseCount: number;
  /** What stands in for a null in the base's fields, by index; undefined where nulls stay. */
  readonly defaults: readonly Value[] | undefined;
  /** For the added fields, with JsonConverter's default settings. */
  readonly names: readonly Uint8Array[];
  readonly encoders: readonly Encode[];
}

/** replaceNulls: nulls of the base become the defaults of their fields. */
export function extension(schema: StructSchema, baseCount: number, replaceNulls = false): Extension {
  const encoders = new Encoders({ numericDecimals: false, replaceNullWithDefault: true });
  const added = schema.fields.slice(baseCount);
  return {
    schema,
    baseCount,
    defaults: replaceNulls ? schema.fields.slice(0, baseCount).map(field => field.schema.default ?? null) : undefined,
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

/** `base` and the values of the added fields, as one struct; it writes its own JSON where the base does. */
export function extendStruct(base: Struct, added: readonly Value[], to: Extension): Struct {
  return base.json === undefined ? new ExtendedStruct(base, added, to) : new ExtendedJsonStruct(base, added, to);
}

class ExtendedStruct implements Struct {
  readonly schema: StructSchema;
  protected readonly base: Struct;
  protected readonly added: readonly Value[];
  protected readonly to: Extension;

  constructor(base: Struct, added: readonly Value[], to: Extension) {
    this.schema = to.schema;
    this.base = base;
    this.added = added;
    this.to = to;
  }

  at(index: number): Value {
    const { baseCount, defaults } = this.to;
    if (index >= baseCount) return this.added[index - baseCount] ?? null;
    return this.base.at(index) ?? defaults?.[index] ?? null;
  }
}

const CLOSE = 0x7d;

class ExtendedJsonStruct extends ExtendedStruct {
  json(out: ByteWriter): void {
    this.base.json?.(out);
    // The added members go before the brace that the base has just closed with.
    out.length--;
    const { names, encoders } = this.to;
    for (let i = 0; i < names.length; i++) {
      out.raw(names[i] as Uint8Array);
      (encoders[i] as Encode)(this.added[i] ?? null, out);
    }
    out.reserve(1);
    out.buffer[out.length++] = CLOSE;
  }
}
