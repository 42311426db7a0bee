import { DataError } from '../../../src/errors.ts';
import type { Step } from '../protocol/pipeline.ts';
import type { Session } from '../protocol/session.ts';
import type { Rows, Segment } from './fold.ts';
import { BadRow } from './layout.ts';

/** Rows of one statement at most: it is encoded in one go, in a few milliseconds. */
const MAX_ROWS = 2000;

/** The statements of the segments, made one at a time: how many rows one takes depends on how large the last were. */
export function* statementsOf(segments: readonly Segment[], session: Session, limit: number): Generator<Step> {
  const rows = Math.min(limit, MAX_ROWS);
  for (const { truncated, deletes, writes } of segments) {
    for (const table of truncated) {
      const doing = `truncating ${table}`;
      yield { statement: session.statement(`TRUNCATE TABLE ${table}`), doing };
    }
    for (const each of deletes) yield* chunks(each, rows, `deleting from ${each.layout.table.sql}`);
    for (const each of writes) yield* chunks(each, rows, `writing to ${each.layout.table.sql}`);
  }
}

function* chunks({ layout, mask, records, rows, places }: Rows, limit: number, doing: string): Generator<Step> {
  const statement = layout.statement(mask);
  if (statement === null) return;
  for (let start = 0; start < records.length; ) {
    const first = start;
    const end = Math.min(records.length, first + layout.rows(limit));
    yield {
      statement,
      doing,
      bind: out => {
        try {
          layout.bind(mask, records, rows, first, end, out);
        } catch (error) {
          if (!(error instanceof BadRow)) throw error;
          throw new DataError(`${error.message}.`, { index: places[error.index] as number });
        }
      },
    };
    start = end;
  }
}
