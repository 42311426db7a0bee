import { Bytes, javaString, type SinkRecord } from '../../src/api/index.ts';

/** Lines that are joined before they are encoded: one call for some dozen costs a fraction of one for each. */
const JOINED = 64;

/** A line of each record's value, in UTF-8, as Java prints them: a string as it is, null as `null`. */
export class Lines {
  readonly #bytes = new Bytes(64 * 1024);

  /** Valid until the next call. */
  of(records: readonly SinkRecord[]): Buffer {
    const bytes = this.#bytes;
    bytes.reset();
    const texts: string[] = [];
    for (const { value, valueSchema } of records) {
      texts.push(typeof value === 'string' ? value : javaString(valueSchema, value));
      if (texts.length === JOINED) put(texts, bytes);
    }
    if (texts.length > 0) put(texts, bytes);
    return bytes.view();
  }
}

function put(texts: string[], bytes: Bytes): void {
  texts.push('');
  bytes.utf8(texts.join('\n'));
  texts.length = 0;
}
