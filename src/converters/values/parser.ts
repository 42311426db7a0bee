import { javaTrim } from '../../data/java-trim.ts';
import { MAX_DEPTH } from '../../data/json/json-reader.ts';
import { arrayNode, type Entry, isKey, mapNode, type Node, NULL_NODE, scalarNode } from './nodes.ts';
import { parseNumber, parseTemporal, type Scalar, schemas } from './scalars.ts';
import { Tokenizer } from './tokenizer.ts';

/** Parses one literal of Connect's `Values`. */
export class ValueParser {
  readonly #tokenizer: Tokenizer;
  #depth = 0;

  constructor(text: string) {
    this.#tokenizer = new Tokenizer(text);
  }

  /** Returns undefined if the text is not exactly one literal or is nested deeper than `MAX_DEPTH` levels. */
  parse(): Node | undefined {
    const node = this.#parseValue();
    return this.#tokenizer.isAtEnd ? node : undefined;
  }

  #parseValue(): Node | undefined {
    if (this.#tokenizer.take('[')) return this.#parseNested(() => this.#parseArray());
    if (this.#tokenizer.take('{')) return this.#parseNested(() => this.#parseMap());
    return this.#parseScalar();
  }

  #parseNested(parse: () => Node | undefined): Node | undefined {
    if (this.#depth === MAX_DEPTH) return undefined;
    this.#depth++;
    const node = parse();
    this.#depth--;
    return node;
  }

  /** Quoted text is only recognized inside arrays and maps. */
  #parseItem(): Node | undefined {
    return this.#tokenizer.take('"') ? this.#parseQuoted() : this.#parseValue();
  }

  #parseArray(): Node | undefined {
    const items: Node[] = [];
    while (!this.#tokenizer.take(']')) {
      const item = this.#parseItem();
      if (item === undefined) return undefined;
      items.push(item);
      if (!this.#tokenizer.take(',') && !this.#tokenizer.isNext(']')) return undefined;
    }
    return arrayNode(items);
  }

  /** Commas between entries are optional, as in Connect. */
  #parseMap(): Node | undefined {
    const entries: Entry[] = [];
    while (!this.#tokenizer.take('}')) {
      const key = this.#parseItem();
      if (key === undefined || !isKey(key) || !this.#tokenizer.take(':')) return undefined;
      const value = this.#parseItem();
      if (value === undefined) return undefined;
      entries.push([key, value]);
      this.#tokenizer.take(',');
    }
    return mapNode(entries);
  }

  /** Keeps backslashes: Connect's parser does not remove the escapes that its writer adds. */
  #parseQuoted(): Node | undefined {
    const parts: string[] = [];
    for (let part = this.#tokenizer.next(); part !== '"'; part = this.#tokenizer.next()) {
      if (part === '') return undefined;
      parts.push(part);
    }
    const text = parts.join('');
    return scalarNode(parseTemporal(text) ?? { schema: schemas.string, value: text });
  }

  #parseScalar(): Node | undefined {
    const token = javaTrim(this.#tokenizer.next());
    if (token === 'null') return NULL_NODE;
    if (token === 'true' || token === 'false') return scalarNode({ schema: schemas.boolean, value: token === 'true' });
    const scalar = this.#parseTime(token) ?? parseNumber(token);
    return scalar && scalarNode(scalar);
  }

  /** Colons of a time are separate tokens unless each is escaped with a backslash. */
  #parseTime(token: string): Scalar | undefined {
    // Lengths of an hour (`12`) and of a date with an hour (`2024-01-31T12`).
    if (token.length !== 2 && token.length !== 13) return parseTemporal(token);
    const { position } = this.#tokenizer;
    const rest = Array.from({ length: 4 }, () => this.#tokenizer.next());
    const time = rest[3] === '' ? undefined : parseTemporal(token + rest.join(''));
    if (time === undefined) this.#tokenizer.rewind(position);
    return time ?? parseTemporal(token);
  }
}
