import { DataError } from '../../../src/errors.ts';
import type { Step } from '../protocol/pipeline.ts';
import type { Session } from '../protocol/session.ts';
import type { KeyChanges, Rows, Segment } from './batch-reducer.ts';
import type { KeyChange } from './key-changes.ts';
import { BadRow } from './write-plan.ts';

/** Rows of one statement at most: it is encoded in one go, in a few milliseconds. */
const MAX_ROWS = 2000;

/** The statements of the segments, made one at a time: how many rows one takes depends on how large the last were. */
export function* statementsOf(segments: readonly Segment[], session: Session, limit: number): Generator<Step> {
  const rows = Math.min(limit, MAX_ROWS);
  for (const { truncated, deletes, keyChanges, writes } of segments) {
    for (const table of truncated) {
      const doing = `truncating ${table}`;
      yield { statement: session.statement(`TRUNCATE TABLE ${table}`), doing };
    }
    for (const each of deletes) yield* chunks(each, rows, `deleting from ${each.layout.table.sql}`);
    for (const each of keyChanges) yield* newKeys(each, rows);
    for (const each of writes) yield* chunks(each, rows, `writing to ${each.layout.table.sql}`);
  }
}

function* newKeys({ layout, rekeying, changes }: KeyChanges, limit: number): Generator<Step> {
  const statement = layout.rekeyStatement(rekeying);
  const doing = `changing keys in ${layout.table.sql}`;
  for (let start = 0; start < changes.length; start += limit) {
    const part = changes.slice(start, start + limit);
    const keys = [part.map(change => change.old), part.map(change => change.new)];
    yield {
      statement,
      doing,
      bind: out =>
        placed(
          () => layout.bindKeys(keys, out),
          row => (part[row] as KeyChange).place,
        ),
    };
  }
}

/** With the place in its batch of a row that does not go in. */
function placed(bind: () => void, placeOf: (row: number) => number): void {
  try {
    bind();
  } catch (error) {
    if (!(error instanceof BadRow)) throw error;
    throw new DataError(`${error.message}.`, { index: placeOf(error.index) });
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
      bind: out =>
        placed(
          () => layout.bind(mask, records, rows, first, end, out),
          row => places[row] as number,
        ),
    };
    start = end;
  }
}
