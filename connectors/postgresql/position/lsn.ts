/**
 * Log sequence number: bytes since the beginning of PostgreSQL's write-ahead log, as in Debezium's offsets. Exact below
 * 2^53, nine petabytes of log.
 */
export type Lsn = number & { readonly [lsnBrand]: true };
declare const lsnBrand: unique symbol;

/** Before the first record of the log. */
export const ZERO_LSN = lsnOf(0);

export function lsnOf(bytes: number): Lsn {
  return bytes as Lsn;
}

export const maxLsn = (a: Lsn, b: Lsn): Lsn => (a > b ? a : b);

const HIGH = 2 ** 32;

/** PostgreSQL's notation: `16/B374D848`. */
export function formatLsn(lsn: Lsn): string {
  const high = Math.floor(lsn / HIGH);
  return `${high.toString(16).toUpperCase()}/${(lsn - high * HIGH).toString(16).toUpperCase()}`;
}

/** Parses PostgreSQL's notation, with or without leading zeros. Throws RangeError. */
export function parseLsn(text: string): Lsn {
  const parts = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text);
  if (parts === null) throw new RangeError(`not a log sequence number: ${text}`);
  return lsnOf(Number.parseInt(parts[1] as string, 16) * HIGH + Number.parseInt(parts[2] as string, 16));
}

const PAGE = 8192;
const LONGEST_PAGE_HEADER = 40;

/** The end of the last record before `lsn`: an insert position may follow the header of a page without records. */
export function recordEnd(lsn: Lsn): Lsn {
  const inPage = lsn % PAGE;
  return inPage <= LONGEST_PAGE_HEADER ? lsnOf(lsn - inPage) : lsn;
}

export const readLsn = (bytes: Uint8Array, at: number): Lsn => lsnOf(readUint64(bytes, at));

/** Eight bytes, big-endian; exact below 2^53. */
export function readUint64(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) * HIGH + readUint32(bytes, at + 4);
}

export function writeUint64(bytes: Buffer, at: number, value: number): void {
  const high = Math.floor(value / HIGH);
  bytes.writeUInt32BE(high, at);
  bytes.writeUInt32BE(value - high * HIGH, at + 4);
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

export function readInt32(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) | 0;
}

export function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
