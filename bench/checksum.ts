import { hash } from 'node:crypto';

/** A row of `orders` as in JSON without schema, with decimals as base64. */
export interface OrderRow {
  readonly id: number;
  readonly customer_id: number;
  readonly status: string;
  readonly amount: string;
  readonly note: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Checksum of a set of rows, independent of their order. */
export interface Checksum {
  readonly rows: number;
  readonly sum: number;
}

/** The text that `checksumOf` in sql.ts hashes. */
export function rowText(row: OrderRow): string {
  const { id, customer_id, status, amount, note } = row;
  const columns = [id, customer_id, status, decimal(amount, 2)];
  if (note !== null) columns.push(note);
  return [...columns, microseconds(row.created_at), microseconds(row.updated_at)].join('|');
}

/** A hash of 32 bits. */
export function rowHash(row: OrderRow): number {
  return hash('md5', rowText(row), 'buffer').readUInt32BE(0);
}

/** A number of at most 48 bits in the encoding of Connect's Decimal: two's complement, base64. */
export function decimal(base64: string, scale: number): string {
  const bytes = Buffer.from(base64, 'base64');
  return (bytes.readIntBE(0, bytes.length) / 10 ** scale).toFixed(scale);
}

/** ISO 8601 in UTC with six digits after the second; some writers omit trailing zeros. */
function microseconds(text: string): string {
  const [seconds = '', fraction = ''] = text.replace(/Z$/, '').split('.');
  return `${seconds}.${fraction.padEnd(6, '0')}Z`;
}
