import type { AlteredPosition, SinkPosition, SinkProgress, TopicPartition } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Messages, Statement } from '../protocol/messages.ts';
import type { Step, StepFailed } from '../protocol/pipeline.ts';
import type { Session } from '../protocol/session.ts';
import { isRace, sqlState } from '../protocol/sql-errors.ts';
import { arrayParameter, wires } from '../values/encoder.ts';
import { int4, int8 } from '../values/numbers.ts';
import { text } from '../values/text.ts';

/**
 * The sink's positions, beside its rows: one row for each partition, moved in the transaction that writes the rows.
 */
const tableSql = `CREATE TABLE IF NOT EXISTS millrace_offsets (
  connector text NOT NULL,
  topic text NOT NULL,
  partition int NOT NULL,
  next_offset bigint NOT NULL,
  PRIMARY KEY (connector, topic, partition)
)`;

/**
 * Moves every position from where it is believed to be, or fails: a position that somebody else has moved, or holds
 * the row of, makes the count too small, and the text that says so is no number. An error, since only an error makes
 * the server pass over the statements that are already on their way.
 */
const moveSql = `
WITH position AS (
  SELECT unnest($2) AS topic, unnest($3) AS partition, unnest($4) AS held, unnest($5) AS next
), moved AS (
  UPDATE millrace_offsets o SET next_offset = p.next FROM position p
  WHERE o.connector = $1 AND o.topic = p.topic AND o.partition = p.partition AND o.next_offset = p.held
  RETURNING 1
), made AS (
  INSERT INTO millrace_offsets (connector, topic, partition, next_offset)
  SELECT $1, p.topic, p.partition, p.next FROM position p WHERE p.held IS NULL
  ON CONFLICT DO NOTHING
  RETURNING 1
), counted AS (
  SELECT (SELECT count(*) FROM moved) + (SELECT count(*) FROM made) AS n
)
SELECT CASE WHEN n = cardinality($2) THEN 0 ELSE (n || ' positions moved: another task has moved the others')::int END
FROM counted`;

const moveParameters = [wires.text.oid, wires.text.array, wires.int4.array, wires.int8.array, wires.int8.array];

const MOVING = 'moving the positions in millrace_offsets';
/** SQLSTATE of the text that is no number. */
const NOT_A_NUMBER = '22P02';

/** Whether a failure is the fence: somebody else has moved the positions. */
export function isFence({ doing, cause }: StepFailed): boolean {
  return doing === MOVING && sqlState(cause) === NOT_A_NUMBER;
}

/** Makes the table where it is missing. Rejects with SINK_SETUP where it may not be made. */
export async function ensureOffsets(session: Session): Promise<void> {
  const doing = 'creating the table millrace_offsets';
  for (let attempt = 0; ; attempt++) {
    try {
      // Asked first: CREATE … IF NOT EXISTS wants the right to create even where there is nothing to do.
      const asked = "SELECT to_regclass('millrace_offsets') IS NOT NULL AS there";
      const [found] = await session.query<{ there: boolean }>(doing, asked);
      if (found?.there !== true) await session.query(doing, tableSql);
      return;
    } catch (error) {
      if (isRace(error) && attempt < 5) continue;
      const code = sqlState(error);
      if (code !== '42501' && code !== '3F000') throw error;
      throw new MillraceError(
        'SINK_SETUP',
        'The table millrace_offsets, in which the sink keeps its positions beside its rows, may not be created: grant the ' +
          `connector's user CREATE on the schema, or create it there: ${tableSql.replaceAll(/\s+/g, ' ')}`,
        { cause: error },
      );
    }
  }
}

/** Positions held of the assigned partitions. Rejects with a MillraceError. */
export async function heldPositions(
  session: Session,
  connector: string,
  assigned: readonly TopicPartition[],
): Promise<readonly SinkPosition[]> {
  const rows = await session.query<{ topic: string; partition: number; next: string }>(
    'reading millrace_offsets',
    `SELECT o.topic, o.partition, o.next_offset::text AS next FROM millrace_offsets o
     JOIN unnest($2::text[], $3::int[]) a(topic, partition) USING (topic, partition) WHERE o.connector = $1`,
    [connector, assigned.map(({ topic }) => topic), assigned.map(({ partition }) => partition)],
  );
  return rows.map(({ topic, partition, next }) => ({ topic, partition, next: Number(next) }));
}

/** Puts positions in the place of those held, whatever they are: a task that still believes in those is fenced by it. */
export async function setPositions(
  session: Session,
  connector: string,
  positions: readonly AlteredPosition[],
): Promise<void> {
  const columns = (list: readonly AlteredPosition[]) => [
    connector,
    list.map(({ topic }) => topic),
    list.map(({ partition }) => partition),
  ];
  const gone = positions.filter(({ next }) => next === null);
  const kept = positions.filter(({ next }) => next !== null);
  await session.query('setting positions', 'BEGIN');
  await session.query(
    'setting positions',
    `DELETE FROM millrace_offsets o USING unnest($2::text[], $3::int[]) p(topic, partition)
     WHERE o.connector = $1 AND o.topic = p.topic AND o.partition = p.partition`,
    columns(gone),
  );
  await session.query(
    'setting positions',
    `INSERT INTO millrace_offsets (connector, topic, partition, next_offset)
     SELECT $1, p.topic, p.partition, p.next FROM unnest($2::text[], $3::int[], $4::bigint[]) p(topic, partition, next)
     ON CONFLICT (connector, topic, partition) DO UPDATE SET next_offset = excluded.next_offset`,
    [...columns(kept), kept.map(({ next }) => next)],
  );
  await session.query('setting positions', 'COMMIT');
}

export const moveStatement = (session: Session): Statement => session.statement(moveSql, moveParameters);

/** The compare-and-set that fences: first in a transaction, so that whoever comes second waits and then fails. */
export function moveOffsets(statement: Statement, connector: string, positions: readonly SinkProgress[]): Step {
  // In one order, so that two tasks never wait for each other.
  const sorted = positions.toSorted((a, b) =>
    a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition,
  );
  const count = sorted.length;
  return {
    statement,
    doing: MOVING,
    bind(out: Messages) {
      text.encode([connector], 1, out);
      arrayParameter(
        text,
        sorted.map(({ topic }) => topic),
        count,
        out,
      );
      arrayParameter(
        int4,
        sorted.map(({ partition }) => partition),
        count,
        out,
      );
      arrayParameter(
        int8,
        sorted.map(({ from }) => from),
        count,
        out,
      );
      arrayParameter(
        int8,
        sorted.map(({ next }) => next),
        count,
        out,
      );
    },
  };
}
