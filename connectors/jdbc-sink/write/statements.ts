import { DataError } from '../../../src/errors.ts';
import type { Step } from '../protocol/pipeline.ts';
import type { Session } from '../protocol/session.ts';
import type { KeyChange } from './key-changes.ts';
import type { KeyChangeSet, RowSet, Segment } from './row-set.ts';
import { InvalidRowError } from './write-plan.ts';

/** Maximum number of rows in one statement, which is encoded without yielding, in a few milliseconds. */
const MAX_ROWS = 2000;

/** Statements of the segments, created one at a time: the number of rows depends on the size of the previous ones. */
export function* statementsOf(segments: readonly Segment[], session: Session, limit: number): Generator<Step> {
  const rows = Math.min(limit, MAX_ROWS);
  for (const { truncatedTables: truncated, deletes, keyChanges, writes } of segments) {
    for (const table of truncated) {
      const operation = `truncating ${table}`;
      yield { statement: session.statement(`TRUNCATE TABLE ${table}`), operation: operation };
    }
    for (const each of deletes) yield* rowSteps(each, rows, `deleting from ${each.plan.table.sql}`);
    for (const each of keyChanges) yield* keyChangeSteps(each, rows);
    for (const each of writes) yield* rowSteps(each, rows, `writing to ${each.plan.table.sql}`);
  }
}

function* keyChangeSteps({ plan, rekeying, changes }: KeyChangeSet, limit: number): Generator<Step> {
  const statement = plan.rekeyStatement(rekeying);
  const operation = `changing keys in ${plan.table.sql}`;
  for (let start = 0; start < changes.length; start += limit) {
    const part = changes.slice(start, start + limit);
    const keys = [part.map(change => change.old), part.map(change => change.new)];
    yield {
      statement,
      operation: operation,
      bind: out =>
        withBatchIndex(
          () => plan.bindKeys(keys, out),
          row => (part[row] as KeyChange).index,
        ),
    };
  }
}

/** Runs `bind`; an InvalidRowError becomes a DataError with the index of the record in the batch. */
function withBatchIndex(bind: () => void, batchIndexOf: (row: number) => number): void {
  try {
    bind();
  } catch (error) {
    if (!(error instanceof InvalidRowError)) throw error;
    throw new DataError(`${error.message}.`, { index: batchIndexOf(error.index) });
  }
}

function* rowSteps(rowSet: RowSet, limit: number, operation: string): Generator<Step> {
  const { plan, mask, records, indexes } = rowSet;
  const statement = plan.statement(mask);
  if (statement === null) return;
  for (let start = 0; start < records.length; ) {
    const first = start;
    const end = Math.min(records.length, first + plan.nextStatementRows(limit));
    yield {
      statement,
      operation: operation,
      bind: out =>
        withBatchIndex(
          () => plan.bind(rowSet, first, end, out),
          row => indexes[row] as number,
        ),
    };
    start = end;
  }
}
