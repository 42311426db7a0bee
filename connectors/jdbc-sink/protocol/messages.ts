import { Bytes } from '../../../src/api/index.ts';

const PARSE = 0x50;
const BIND = 0x42;
const EXECUTE = 0x45;
const CLOSE = 0x43;
const SYNC = 0x53;
const STATEMENT = 0x53;
const BINARY = 1;

/** A prepared statement, identified by its name on a connection. */
export interface Statement {
  readonly name: string;
  readonly sql: string;
  /** OIDs of the parameters' types. */
  readonly parameters: readonly number[];
}

/**
 * Frontend messages of PostgreSQL's protocol 3.0 (https://www.postgresql.org/docs/current/protocol-message-formats.html)
 * collected in one buffer, so that a transaction is one write to the socket and values are encoded once, in place.
 */
export class Messages extends Bytes {
  /** View of `buffer`. `reserve` and `reset` may replace it: read the property again after calling them. */
  data: DataView;

  constructor(capacity: number) {
    super(capacity);
    this.data = dataViewOf(this.buffer);
  }

  override reserve(n: number): void {
    if (this.length + n <= this.buffer.length) return;
    super.reserve(n);
    this.data = dataViewOf(this.buffer);
  }

  override reset(): void {
    super.reset();
    if (this.data.buffer !== this.buffer.buffer) this.data = dataViewOf(this.buffer);
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

  /** Appends text and a zero byte. */
  cString(text: string): void {
    this.utf8(text);
    this.byte(0);
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  /** Reserves a length field and returns its position. */
  openLength(): number {
    const position = this.length;
    this.int32(0);
    return position;
  }

  /** Sets the length field at a position to the number of bytes after it. */
  closeLength(position: number): void {
    this.data.setInt32(position, this.length - position - 4);
  }

  parse({ name, sql, parameters }: Statement): void {
    const start = this.#begin(PARSE);
    this.cString(name);
    this.cString(sql);
    this.int16(parameters.length);
    for (const oid of parameters) this.int32(oid);
    this.#end(start);
  }

  /** Appends Bind and Execute. bind: appends each parameter, as its length and its binary form. */
  execute({ name, parameters }: Statement, bind: ((out: Messages) => void) | undefined): void {
    const start = this.#begin(BIND);
    this.cString('');
    this.cString(name);
    this.int16(1);
    this.int16(BINARY);
    this.int16(parameters.length);
    bind?.(this);
    // Result columns in text format.
    this.int16(0);
    this.#end(start);
    const execute = this.#begin(EXECUTE);
    this.cString('');
    this.int32(0);
    this.#end(execute);
  }

  /** Appends Close of a prepared statement, which is no error if the statement does not exist. */
  close(name: string): void {
    const start = this.#begin(CLOSE);
    this.byte(STATEMENT);
    this.cString(name);
    this.#end(start);
  }

  sync(): void {
    this.#end(this.#begin(SYNC));
  }

  #begin(type: number): number {
    this.byte(type);
    return this.openLength();
  }

  /** Sets a message's length, which includes the length field. */
  #end(position: number): void {
    this.data.setInt32(position, this.length - position);
  }
}

const dataViewOf = (buffer: Buffer): DataView => new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
