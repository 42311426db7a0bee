import { formatLsn, type Lsn, ZERO_LSN } from '../../connectors/postgresql/position/lsn.ts';
import { runSeed } from '../support/generate/seed.ts';
import { writeReport } from '../support/report.ts';
import type { Change } from './changes.ts';
import type { CommitLog } from './commit-log.ts';
import { isDecided } from './decisions.ts';
import { type SlotSample, type Table, tables } from './slot-watch.ts';

/** A fault, for reports. Times are milliseconds since 1970. */
export interface FaultSpan {
  readonly name: string;
  readonly from: number;
  until?: number;
}

export interface SlotHistory {
  readonly slot: string;
  readonly samples: readonly SlotSample[];
  readonly log: CommitLog;
  /** Final content of the topics. */
  readonly topics: Readonly<Record<Table, readonly Change[]>>;
  readonly faults: readonly FaultSpan[];
}

interface Violation {
  readonly sample: SlotSample;
  readonly table: Table;
  /** Changes that the slot would not send again and that Kafka had not decided. */
  readonly missing: readonly Missing[];
}

interface Missing {
  readonly id: string;
  readonly lsn: Lsn;
  readonly commit: Lsn;
  /** Final offset; undefined if it never arrived. */
  readonly offset?: number;
  readonly producerId?: number;
}

const REPORTED_VIOLATIONS = 10;
const REPORTED_CHANGES = 20;
const REPORTED_FAULTS = 5;

/**
 * Rejects if the slot was ahead of the topic in a sample: after a crash at that moment, PostgreSQL would not have sent a
 * change again that Kafka might still have aborted. The message contains the path of a report.
 *
 * Snapshot rows are ignored, because they are read from the tables. A lost change of an order is detected through the
 * event of its transaction.
 */
export async function checkSlot(history: SlotHistory): Promise<void> {
  const { samples, slot } = history;
  if (samples.length === 0) throw new Error(`no samples of slot ${slot}`);
  const passable = await streamedTables(history);
  const violationsFound = tables
    .flatMap(table => violations(samples, table, passable[table]))
    .sort((a, b) => a.sample.time - b.sample.time);
  const [first] = violationsFound;
  if (first === undefined) return;
  const path = await writeReport('slot-ahead', report(history, violationsFound));
  const { sample, table, missing } = first;
  throw new Error(
    `slot ${slot} was ahead of the topic in ${violationsFound.length} of ${samples.length} samples: at ` +
      `${new Date(sample.time).toISOString()} it was confirmed at ${formatLsn(sample.confirmed)}, and ${missing.length} ` +
      `changes of ${table} before that were not decided in Kafka, as that of LSN ${formatLsn(missing[0]?.lsn ?? ZERO_LSN)}, ` +
      `committed at ${formatLsn(missing[0]?.commit ?? ZERO_LSN)}. Report: ${path}`,
  );
}

/** Changes of one table that a slot must not pass before they are decided. */
interface StreamedTable {
  /** Streamed changes, in topic order. */
  readonly streamed: readonly Change[];
  /** LSN of the commit of each. */
  readonly commits: Float64Array;
  readonly never: Missing[];
}

async function streamedTables({ log, topics }: SlotHistory): Promise<Record<Table, StreamedTable>> {
  const isStreamed = ({ op }: Change): boolean => op !== 'r';
  const streamedByTable = byTable((table): StreamedTable & { readonly places: Map<Lsn, number> } => {
    const streamed = topics[table].filter(isStreamed);
    const places = new Map<Lsn, number>();
    // A duplicate change counts at its first offset.
    for (const [i, { lsn }] of streamed.entries()) if (!places.has(lsn)) places.set(lsn, i);
    return { streamed, commits: new Float64Array(streamed.length).fill(Number.POSITIVE_INFINITY), never: [], places };
  });
  const inSnapshot = new Set(topics.events.filter(change => !isStreamed(change)).map(({ id }) => id));
  await log.read(({ table, id, lsn, commit }) => {
    const { places, commits, never } = streamedByTable[table as Table];
    const place = places.get(lsn);
    if (place !== undefined) commits[place] = commit;
    else if (table === 'events' && !inSnapshot.has(id)) never.push({ id, lsn, commit });
  });
  for (const table of tables) {
    const { places, streamed, commits } = streamedByTable[table];
    for (const [lsn, place] of places)
      if (commits[place] === Number.POSITIVE_INFINITY)
        throw new Error(
          `offset ${streamed[place]?.offset} of the topic of ${table} has LSN ${formatLsn(lsn)}, which is not in PostgreSQL's log`,
        );
  }
  return streamedByTable;
}

const byTable = <T>(make: (table: Table) => T): Record<Table, T> =>
  Object.fromEntries(tables.map(table => [table, make(table)])) as Record<Table, T>;

function violations(samples: readonly SlotSample[], table: Table, passable: StreamedTable): Violation[] {
  const { streamed, commits, never } = passable;
  /** Minimum commit LSN of each change and all later ones in the topic. */
  const firstCommits = commits.slice();
  for (let i = commits.length - 2; i >= 0; i--)
    firstCommits[i] = Math.min(firstCommits[i] as number, firstCommits[i + 1] as number);
  return samples.flatMap(sample => {
    const { [table]: end } = sample.ends;
    const missing = never.filter(({ commit }) => commit < sample.confirmed);
    const undecided = end.unmarked.filter(({ decided }) => !decided).map(({ from }) => from);
    let i = indexAt(streamed, Math.min(end.highWatermark, ...undecided));
    for (; (firstCommits[i] ?? Number.POSITIVE_INFINITY) < sample.confirmed; i++) {
      const [change, commit] = [streamed[i] as Change, commits[i] as Lsn];
      const { id, lsn, offset, producerId } = change;
      if (commit < sample.confirmed && !isDecided(end, change)) missing.push({ id, lsn, commit, offset, producerId });
    }
    return missing.length > 0 ? [{ sample, table, missing }] : [];
  });
}

/** Index of the first change at or after an offset. */
function indexAt(list: readonly Change[], offset: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as Change).offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function report({ slot, samples, faults }: SlotHistory, violationList: readonly Violation[]): object {
  return {
    slot,
    seed: runSeed(),
    samples: samples.length,
    violations: violationList.length,
    first: violationList.slice(0, REPORTED_VIOLATIONS).map(({ sample, table, missing }) => {
      const i = samples.indexOf(sample);
      return {
        table,
        sample: readable(sample),
        missing: missing.length,
        changes: missing
          .slice(0, REPORTED_CHANGES)
          .map(change => ({ ...change, lsn: formatLsn(change.lsn), commit: formatLsn(change.commit) })),
        faults: faults
          .filter(({ from }) => from <= sample.time + sample.tookMs)
          .slice(-REPORTED_FAULTS)
          .map(({ name, from, until }) => ({ name, from: iso(from), until: until === undefined ? null : iso(until) })),
        sampleBefore: readable(samples[i - 1]),
        sampleAfter: readable(samples[i + 1]),
      };
    }),
  };
}

const readable = (sample: SlotSample | undefined): object | null =>
  sample === undefined ? null : { ...sample, time: iso(sample.time), confirmed: formatLsn(sample.confirmed) };

const iso = (time: number): string => new Date(time).toISOString();
