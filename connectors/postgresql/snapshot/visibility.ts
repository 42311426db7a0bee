/**
 * A transaction's snapshot (`pg_current_snapshot()`): transactions below xmin have ended, those from xmax on have not begun,
 * and those between have ended unless they are in `running`. Ids have 64 bits; a number is exact below 2^53.
 */
export interface Visibility {
  readonly xmin: number;
  readonly xmax: number;
  readonly running: ReadonlySet<number>;
}

/** Parses `xmin:xmax:xip,xip,…`. */
export function parseVisibility(text: string): Visibility {
  const [xmin = '', xmax = '', running = ''] = text.split(':');
  if (!/^\d+:\d+:[\d,]*$/.test(text)) throw new SyntaxError(`not a snapshot: ${text}`);
  return {
    xmin: Number(xmin),
    xmax: Number(xmax),
    running: new Set(running === '' ? [] : running.split(',').map(Number)),
  };
}

/** True if a committed transaction is visible. xid: 64 bits. */
export function isVisible({ xmin, xmax, running }: Visibility, xid: number): boolean {
  return xid < xmin || (xid < xmax && !running.has(xid));
}

/** SQL of `isVisible`. xmin: SQL of a row's xmin (32 bits); snapshot: SQL of type pg_snapshot. */
export function visibleIn(xmin: string, snapshot: string): string {
  const now = 'pg_snapshot_xmax(pg_current_snapshot())::text::int8';
  return `pg_visible_in_snapshot((${now} - ((${now} - ${xmin}::text::int8) & 4294967295))::text::xid8, ${snapshot})`;
}

const EPOCH = 2 ** 32;
const HALF = 2 ** 31;

/** The 64-bit id nearest to `near` of a transaction id of 32 bits, as the replication stream sends it. */
export function widen(xid: number, near: number): number {
  const base = near - (near % EPOCH) + xid;
  if (base - near > HALF) return base - EPOCH;
  return near - base > HALF ? base + EPOCH : base;
}
