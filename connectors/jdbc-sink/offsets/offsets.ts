import type {
  AlteredPosition,
  AssignedPartition,
  SinkPosition,
  SinkProgress,
  SinkWriter,
  TopicPartition,
} from '../../../src/api/index.ts';
import { sqlState } from '../../../src/databases/postgresql/sql-errors.ts';
import { FencedError } from '../../../src/errors.ts';
import type { Messages, Statement } from '../protocol/messages.ts';
import type { Step, StepError } from '../protocol/pipeline.ts';
import type { Session } from '../protocol/session.ts';
import { arrayParameter, wireTypes } from '../values/encoder.ts';
import { int4, int8 } from '../values/numbers.ts';
import { text } from '../values/text.ts';

/*
 * Positions in millrace_offsets. A row belongs to the writer with the greatest (generation, attempt) that has claimed it;
 * each batch compares that pair and the position in the transaction that writes the rows.
 */

/** Claims rows for a writer. Rows of a newer writer are neither changed nor returned. */
const claimSql = `
INSERT INTO millrace_offsets AS o (cluster, connector, generation, attempt, topic, partition, topic_id)
SELECT $1, $2, $3, $4, p.topic, p.partition, p.topic_id
FROM unnest($5::text[], $6::int[], $7::text[]) p(topic, partition, topic_id) ORDER BY p.topic, p.partition
ON CONFLICT (cluster, connector, topic, partition) DO UPDATE
  SET generation = excluded.generation, attempt = excluded.attempt
  WHERE (o.generation, o.attempt) <= (excluded.generation, excluded.attempt)
RETURNING topic, partition, topic_id, next_offset::text AS next`;

/** Claims rows and replaces their positions. */
const setSql = `
INSERT INTO millrace_offsets AS o (cluster, connector, generation, attempt, topic, partition, topic_id, next_offset)
SELECT $1, $2, $3, $4, p.topic, p.partition, p.topic_id, p.next
FROM unnest($5::text[], $6::int[], $7::text[], $8::bigint[]) p(topic, partition, topic_id, next)
ORDER BY p.topic, p.partition
ON CONFLICT (cluster, connector, topic, partition) DO UPDATE
  SET generation = excluded.generation, attempt = excluded.attempt,
    topic_id = excluded.topic_id, next_offset = excluded.next_offset
  WHERE (o.generation, o.attempt) <= (excluded.generation, excluded.attempt)
RETURNING topic, partition`;

const fenceSql = `
UPDATE millrace_offsets SET generation = $3, attempt = $4
WHERE cluster = $1 AND connector = $2 AND (generation, attempt) < ($3, $4)`;

/**
 * Moves every position from its expected value, or fails: if another writer has claimed or moved a position, the count is
 * too small, and the cast of a text to int raises an error. Only an error makes the server skip the statements that have
 * already been sent.
 */
const moveSql = `
WITH position AS (
  SELECT unnest($5) AS topic, unnest($6) AS partition, unnest($7) AS topic_id, unnest($8) AS expected, unnest($9) AS next
), moved AS (
  UPDATE millrace_offsets o SET next_offset = p.next, topic_id = p.topic_id FROM position p
  WHERE o.cluster = $1 AND o.connector = $2 AND o.generation = $3 AND o.attempt = $4
    AND o.topic = p.topic AND o.partition = p.partition AND o.next_offset IS NOT DISTINCT FROM p.expected
  RETURNING 1
), counted AS (
  SELECT count(*) AS n FROM moved
)
SELECT CASE WHEN n = cardinality($5) THEN 0 ELSE (n || ' positions moved: another task has the others')::int END
FROM counted`;

const moveParameters = [
  wireTypes.text.oid,
  wireTypes.text.oid,
  wireTypes.int8.oid,
  wireTypes.int4.oid,
  wireTypes.text.array,
  wireTypes.int4.array,
  wireTypes.text.array,
  wireTypes.int8.array,
  wireTypes.int8.array,
];

const MOVE_OPERATION = 'moving the positions in millrace_offsets';
/** SQLSTATE of the failed cast. */
const INVALID_TEXT_REPRESENTATION = '22P02';

/** True if the step failed because another writer has claimed or moved the positions. */
export function isFenced({ operation, cause }: StepError): boolean {
  return operation === MOVE_OPERATION && sqlState(cause) === INVALID_TEXT_REPRESENTATION;
}

const writerParameters = ({ cluster, connector, generation, attempt }: SinkWriter): unknown[] => [
  cluster,
  connector,
  generation,
  attempt,
];

const partitionParameters = (partitions: readonly AssignedPartition[]): unknown[] => [
  partitions.map(({ topic }) => topic),
  partitions.map(({ partition }) => partition),
  partitions.map(({ topicId }) => topicId),
];

/** Claims the assigned partitions and returns their stored positions. Rejects with FencedError. */
export async function claimPositions(
  session: Session,
  writer: SinkWriter,
  assigned: readonly AssignedPartition[],
): Promise<readonly SinkPosition[]> {
  const rows = await session.query<{ topic: string; partition: number; topic_id: string; next: string | null }>(
    'claiming partitions in millrace_offsets',
    claimSql,
    [...writerParameters(writer), ...partitionParameters(assigned)],
  );
  requireAll(writer, assigned, rows);
  return rows.flatMap(({ topic, partition, topic_id: topicId, next }) =>
    next === null ? [] : [{ topic, partition, topicId, next: Number(next) }],
  );
}

/** Ids of other clusters with stored positions of a connector of the same name. */
export async function otherClusters(session: Session, { cluster, connector }: SinkWriter): Promise<readonly string[]> {
  const rows = await session.query<{ cluster: string }>(
    'reading millrace_offsets',
    'SELECT DISTINCT cluster FROM millrace_offsets WHERE connector = $2 AND cluster <> $1 AND next_offset IS NOT NULL',
    [cluster, connector],
  );
  return rows.map(row => row.cluster);
}

/** Replaces stored positions. Rejects with FencedError, in which case none has changed. */
export async function setPositions(
  session: Session,
  writer: SinkWriter,
  positions: readonly AlteredPosition[],
): Promise<void> {
  const operation = 'setting positions in millrace_offsets';
  await session.query(operation, 'BEGIN');
  const rows = await session.query<{ topic: string; partition: number }>(operation, setSql, [
    ...writerParameters(writer),
    ...partitionParameters(positions),
    positions.map(({ next }) => next),
  ]);
  // An error leaves the transaction open; it ends with the session.
  requireAll(writer, positions, rows);
  await session.query(operation, 'COMMIT');
}

/** Fences older writers of the connector in all its partitions. */
export async function fenceOlderWriters(session: Session, writer: SinkWriter): Promise<void> {
  await session.query('fencing older tasks in millrace_offsets', fenceSql, writerParameters(writer));
}

function requireAll(
  { connector, generation, attempt }: SinkWriter,
  expected: readonly TopicPartition[],
  claimed: readonly TopicPartition[],
): void {
  if (claimed.length === expected.length) return;
  const names = new Set(claimed.map(({ topic, partition }) => `${topic}-${partition}`));
  const [other] = expected.filter(({ topic, partition }) => !names.has(`${topic}-${partition}`));
  throw new FencedError(
    `A newer task of the connector ${connector} has claimed ${other?.topic}-${other?.partition} in millrace_offsets: ` +
      `generation ${generation}, attempt ${attempt} has been replaced and writes nothing.`,
  );
}

export const moveStatement = (session: Session): Statement => session.statement(moveSql, moveParameters);

/** The compare-and-set that fences: first in the transaction, so that a concurrent writer waits for it and then fails. */
export function moveOffsets(
  statement: Statement,
  { cluster, connector, generation, attempt }: SinkWriter,
  topicIds: ReadonlyMap<string, string>,
  positions: readonly SinkProgress[],
): Step {
  // Sorted, so that two tasks never deadlock.
  const sorted = positions.toSorted((a, b) =>
    a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition,
  );
  const topics = sorted.map(({ topic }) => topic);
  const ids = topics.map(topic => topicIds.get(topic) ?? '');
  const partitions = sorted.map(({ partition }) => partition);
  const expected = sorted.map(({ from }) => from);
  const next = sorted.map(position => position.next);
  const count = sorted.length;
  return {
    statement,
    operation: MOVE_OPERATION,
    bind(out: Messages) {
      text.encode([cluster], 1, out);
      text.encode([connector], 1, out);
      int8.encode([generation], 1, out);
      int4.encode([attempt], 1, out);
      arrayParameter(text, topics, count, out);
      arrayParameter(int4, partitions, count, out);
      arrayParameter(text, ids, count, out);
      arrayParameter(int8, expected, count, out);
      arrayParameter(int8, next, count, out);
    },
  };
}
