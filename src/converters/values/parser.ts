import { javaTrim } from '../../data/java-trim.ts';
import { MAX_DEPTH } from '../../data/json/json-reader.ts';
import { arrayNode, type Entry, isKey, mapNode, type Node, NULL, scalarNode } from './nodes.ts';
import { parseNumber, parseTemporal, type Scalar, schemas } from './scalars.ts';
import { Tokens } from './tokenizer.ts';

/** Reads one literal of Connect's `Values`. */
export class ValueParser {
  readonly #tokens: Tokens;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = new Tokens(text);
  }

  /** undefined where the text is not one literal as a whole, or is nested deeper than `MAX_DEPTH` levels. */
  read(): Node | undefined {
    const node = this.#value();
    return this.#tokens.ended ? node : undefined;
  }

  #value(): Node | undefined {
    if (this.#tokens.take('[')) return this.#nested(() => this.#array());
    if (this.#tokens.take('{')) return this.#nested(() => this.#map());
    return this.#scalar();
  }

  #nested(read: () => Node | undefined): Node | undefined {
    if (this.#depth === MAX_DEPTH) return undefined;
    this.#depth++;
    const node = read();
    this.#depth--;
    return node;
  }

  /** Text in quotes is a value inside arrays and maps alone. */
  #item(): Node | undefined {
    return this.#tokens.take('"') ? this.#quoted() : this.#value();
  }

  #array(): Node | undefined {
    const items: Node[] = [];
    while (!this.#tokens.take(']')) {
      const item = this.#item();
      if (item === undefined) return undefined;
      items.push(item);
      if (!this.#tokens.take(',') && !this.#tokens.at(']')) return undefined;
    }
    return arrayNode(items);
  }

  /** Commas may be missing between entries, as in Connect. */
  #map(): Node | undefined {
    const entries: Entry[] = [];
    while (!this.#tokens.take('}')) {
      const key = this.#item();
      if (key === undefined || !isKey(key) || !this.#tokens.take(':')) return undefined;
      const value = this.#item();
      if (value === undefined) return undefined;
      entries.push([key, value]);
      this.#tokens.take(',');
    }
    return mapNode(entries);
  }

  /** Backslashes stay: Connect's parser does not take out what its writer puts in. */
  #quoted(): Node | undefined {
    const parts: string[] = [];
    for (let part = this.#tokens.next(); part !== '"'; part = this.#tokens.next()) {
      if (part === '') return undefined;
      parts.push(part);
    }
    const text = parts.join('');
    return scalarNode(parseTemporal(text) ?? { schema: schemas.string, value: text });
  }

  #scalar(): Node | undefined {
    const token = javaTrim(this.#tokens.next());
    if (token === 'null') return NULL;
    if (token === 'true' || token === 'false') return scalarNode({ schema: schemas.boolean, value: token === 'true' });
    const scalar = this.#temporal(token) ?? parseNumber(token);
    return scalar && scalarNode(scalar);
  }

  /** The colons of a time are tokens of their own, or have a backslash each. */
  #temporal(token: string): Scalar | undefined {
    // The hour, or the date and the hour.
    if (token.length !== 2 && token.length !== 13) return parseTemporal(token);
    const { position } = this.#tokens;
    const rest = Array.from({ length: 4 }, () => this.#tokens.next());
    const time = rest[3] === '' ? undefined : parseTemporal(token + rest.join(''));
    if (time === undefined) this.#tokens.rewind(position);
    return time ?? parseTemporal(token);
  }
}
