import { Bytes } from '../../../src/api/index.ts';

const PARSE = 0x50;
const BIND = 0x42;
const EXECUTE = 0x45;
const CLOSE = 0x43;
const SYNC = 0x53;
const STATEMENT = 0x53;
const BINARY = 1;

/** A prepared statement: its name is its identity on a connection. */
export interface Statement {
  readonly name: string;
  readonly sql: string;
  /** OIDs of the parameters' types. */
  readonly parameters: readonly number[];
}

/**
 * Frontend messages of PostgreSQL's protocol 3.0 (https://www.postgresql.org/docs/current/protocol-message-formats.html)
 * gathered in one buffer, so that a transaction is one write to the socket and values are encoded once, in place.
 */
export class Messages extends Bytes {
  /** A view of `buffer`, which `reserve` and `reset` may replace: read it again after each of them. */
  data: DataView;

  constructor(capacity: number) {
    super(capacity);
    this.data = dataOf(this.buffer);
  }

  override reserve(n: number): void {
    if (this.length + n <= this.buffer.length) return;
    super.reserve(n);
    this.data = dataOf(this.buffer);
  }

  override reset(): void {
    super.reset();
    if (this.data.buffer !== this.buffer.buffer) this.data = dataOf(this.buffer);
  }

  int16(value: number): void {
    this.reserve(2);
    this.data.setInt16(this.length, value);
    this.length += 2;
  }

  int32(value: number): void {
    this.reserve(4);
    this.data.setInt32(this.length, value);
    this.length += 4;
  }

  /** Text ended by a zero byte. */
  zeroEnded(text: string): void {
    this.utf8(text);
    this.byte(0);
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  /** Leaves room for a length and answers where it goes. */
  openLength(): number {
    const at = this.length;
    this.int32(0);
    return at;
  }

  /** Fills in the bytes behind a length. */
  closeLength(at: number): void {
    this.data.setInt32(at, this.length - at - 4);
  }

  parse({ name, sql, parameters }: Statement): void {
    const end = this.#begin(PARSE);
    this.zeroEnded(name);
    this.zeroEnded(sql);
    this.int16(parameters.length);
    for (const oid of parameters) this.int32(oid);
    this.#end(end);
  }

  /** Binds and executes; `parameters` appends each parameter: its length, then its binary form. */
  execute({ name, parameters }: Statement, bind: ((out: Messages) => void) | undefined): void {
    const end = this.#begin(BIND);
    this.zeroEnded('');
    this.zeroEnded(name);
    this.int16(1);
    this.int16(BINARY);
    this.int16(parameters.length);
    bind?.(this);
    // Results, where there are any, as text.
    this.int16(0);
    this.#end(end);
    const executed = this.#begin(EXECUTE);
    this.zeroEnded('');
    this.int32(0);
    this.#end(executed);
  }

  /** Forgets a prepared statement; no error where there is none of the name. */
  close(name: string): void {
    const end = this.#begin(CLOSE);
    this.byte(STATEMENT);
    this.zeroEnded(name);
    this.#end(end);
  }

  sync(): void {
    this.#end(this.#begin(SYNC));
  }

  #begin(type: number): number {
    this.byte(type);
    return this.openLength();
  }

  /** A message's length counts itself. */
  #end(at: number): void {
    this.data.setInt32(at, this.length - at);
  }
}

const dataOf = (buffer: Buffer): DataView => new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
