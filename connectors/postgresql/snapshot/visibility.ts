/**
 * What a transaction saw of the others, as `pg_current_snapshot()` says: everything below xmin had ended, nothing from
 * xmax on had begun, and between them all had ended but those listed. Transaction ids are 64 bits there; numbers hold
 * them exactly (below 2^53).
 */
export interface Visibility {
  readonly xmin: number;
  readonly xmax: number;
  readonly running: ReadonlySet<number>;
}

/** Reads `xmin:xmax:xip,xip,…`. */
export function parseVisibility(text: string): Visibility {
  const [xmin = '', xmax = '', running = ''] = text.split(':');
  if (!/^\d+:\d+:[\d,]*$/.test(text)) throw new SyntaxError(`not a snapshot: ${text}`);
  return {
    xmin: Number(xmin),
    xmax: Number(xmax),
    running: new Set(running === '' ? [] : running.split(',').map(Number)),
  };
}

/** Whether a transaction that has committed was seen. xid: 64 bits. */
export function sees({ xmin, xmax, running }: Visibility, xid: number): boolean {
  return xid < xmin || (xid < xmax && !running.has(xid));
}

/** SQL for it. xmin: of a row, the lower half of its transaction's id; snapshot: SQL of type pg_snapshot. */
export function visibleIn(xmin: string, snapshot: string): string {
  const now = 'pg_snapshot_xmax(pg_current_snapshot())::text::int8';
  return `pg_visible_in_snapshot((${now} - ((${now} - ${xmin}::text::int8) & 4294967295))::text::xid8, ${snapshot})`;
}

const EPOCH = 2 ** 32;
const HALF = 2 ** 31;

/** The 64 bits of which the replication stream sends the lower 32: the number that is nearest to `near`. */
export function widen(xid: number, near: number): number {
  const base = near - (near % EPOCH) + xid;
  if (base - near > HALF) return base - EPOCH;
  return near - base > HALF ? base + EPOCH : base;
}
