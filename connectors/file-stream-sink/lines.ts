import { Bytes, javaString, type SinkRecord } from '../../src/api/index.ts';

/** Lines to join before one call that encodes them; a call for each line is several times slower. */
const LINES_PER_CALL = 64;

/** Encodes records' values as lines in UTF-8, in Java's form: a string unchanged, null as `null`. */
export class LineEncoder {
  readonly #bytes = new Bytes(64 * 1024);

  /** Returns the lines; the buffer is valid until the next call. */
  encode(records: readonly SinkRecord[]): Buffer {
    const bytes = this.#bytes;
    bytes.reset();
    const texts: string[] = [];
    for (const { value, valueSchema } of records) {
      texts.push(typeof value === 'string' ? value : javaString(valueSchema, value));
      if (texts.length === LINES_PER_CALL) appendLines(texts, bytes);
    }
    if (texts.length > 0) appendLines(texts, bytes);
    return bytes.view();
  }
}

function appendLines(texts: string[], bytes: Bytes): void {
  texts.push('');
  bytes.utf8(texts.join('\n'));
  texts.length = 0;
}
