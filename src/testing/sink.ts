import assert from 'node:assert/strict';
import type {
  ConfigProps,
  SinkConnector,
  SinkPosition,
  SinkProgress,
  SinkRecord,
  SinkTask,
  SinkWriter,
} from '../api/index.ts';
import { type Check, check, errorOf, silent, withTimeout } from './check.ts';
import { configContract, parseConfig } from './config.ts';

/** An empty sink. */
export interface SinkFixture {
  readonly config: ConfigProps;
  /** Records that it accepts: at least two of one partition of one topic, in the order of their offsets. */
  readonly records: readonly SinkRecord[];
  /** Returns the number of records in the sink now. */
  stored(): Promise<number>;
  /** Removes everything that `setUp` created. */
  close?(): Promise<void>;
}

export interface SinkSubject<C> {
  readonly connector: SinkConnector<C>;
  /** Creates a destination; called for each check. */
  setUp(): Promise<SinkFixture>;
}

/** An open sink task. */
class Writer<C> {
  readonly task: SinkTask<C>;
  readonly generation: number;
  positions: readonly SinkPosition[] = [];
  constructor(connector: SinkConnector<C>, generation: number) {
    this.task = connector.task();
    this.generation = generation;
  }
  async open(config: C, topic: string, partition: number): Promise<void> {
    const opening = this.task.open(config, {
      ...identity(this.generation),
      task: 0,
      log: silent,
      signal: new AbortController().signal,
      assigned: [{ topic, partition, topicId: 'contract' }],
      report: () => undefined,
    });
    this.positions = await withTimeout('open', opening, 30_000);
  }
  /** from: the position that the sink must have stored. */
  write(records: readonly SinkRecord[], from: number | null, next: number, place: SinkRecord): Promise<void> {
    const { originalTopic: topic, originalPartition: partition } = place;
    const positions: SinkProgress[] = [{ topic, partition, from, next, end: next }];
    return withTimeout('write', this.task.write({ records, positions }), 30_000);
  }
}

const identity = (generation: number): SinkWriter => ({
  cluster: 'contract',
  connector: 'contract',
  generation,
  attempt: 1,
});

/** The contract of sinks. */
export function sinkContract<C>({ connector, setUp }: SinkSubject<C>): Check[] {
  const within = (
    name: string,
    act: (fixture: SinkFixture, open: (generation?: number) => Promise<Writer<C>>, parts: Parts) => Promise<void>,
  ): Check =>
    check(name, async () => {
      const fixture = await setUp();
      const writers: Writer<C>[] = [];
      // Each task is newer than the ones before.
      let generation = 0;
      try {
        const parts = partsOf(fixture);
        const config = parseConfig(connector.config, fixture.config);
        await act(
          fixture,
          async (writerGeneration = ++generation) => {
            const writer = new Writer(connector, writerGeneration);
            writers.push(writer);
            await writer.open(config, parts.sample.originalTopic, parts.sample.originalPartition);
            return writer;
          },
          parts,
        );
      } finally {
        for (const writer of writers) await withTimeout('close', writer.task.close());
        await fixture.close?.();
      }
    });

  return [
    ...configContract(connector.config, {}).map(({ name }, index) =>
      within(name, async ({ config }) => {
        await configContract(connector.config, config)[index]?.run();
      }),
    ),
    within('validate accepts a valid configuration', async ({ config }) => {
      assert.equal(connector.kind, 'sink', 'kind must be sink.');
      const context = { log: silent, signal: AbortSignal.timeout(30_000) };
      const messages = await connector.validate?.(parseConfig(connector.config, config), context);
      assert.deepEqual(Object.entries(messages ?? {}), [], 'validate rejects a valid configuration.');
    }),
    within('close works with and without open', async (_fixture, open) => {
      const never = connector.task();
      assert.notEqual(connector.task(), never, 'task returned the same task twice.');
      await withTimeout('close of a task that was never opened', never.close());
      await withTimeout('close', (await open()).task.close());
    }),
    within('it has no records and no position at first', async (fixture, open, { sample: place }) => {
      const { positions } = await open();
      for (const { topic, partition, next } of positions) {
        assert.ok(
          topic === place.originalTopic && partition === place.originalPartition,
          `open returned a position of ${topic}-${partition}, which is not assigned.`,
        );
        assert.equal(next, 0, `open returned position ${next} for an empty sink.`);
      }
      assert.equal(await fixture.stored(), 0, 'The sink contains records before the first write.');
    }),
    within('records are stored when write resolves', async (fixture, open, { first, last, sample: place, next }) => {
      const writer = await open();
      await writer.write(first, storedPosition(writer), last[0]?.offset ?? next, place);
      assert.equal(
        await fixture.stored(),
        first.length,
        `After ${first.length} written records the sink contains a different number.`,
      );
      await writer.write(last, last[0]?.offset ?? 0, next, place);
      assert.equal(
        await fixture.stored(),
        fixture.records.length,
        'After the second batch the sink does not contain all records.',
      );
    }),
    within(
      'a new task continues at the position of the last one',
      async (fixture, open, { first, last, sample: place, next }) => {
        const writer = await open();
        const middle = last[0]?.offset ?? next;
        await writer.write(first, storedPosition(writer), middle, place);
        await withTimeout('close', writer.task.close());
        const second = await open();
        for (const position of second.positions)
          assert.equal(
            position.next,
            middle,
            `open of a new task returned position ${position.next}, but ${middle} was written.`,
          );
        await second.write(last, middle, next, place);
        await withTimeout('close', second.task.close());
        assert.equal(
          await fixture.stored(),
          fixture.records.length,
          'After two tasks the sink does not contain each record exactly once.',
        );
      },
    ),
    within('a batch without records is accepted', async (fixture, open, { sample: place, next }) => {
      const writer = await open();
      await writer.write([], storedPosition(writer), next, place);
      assert.equal(await fixture.stored(), 0, 'The sink contains records after a batch without records.');
    }),
    within(
      'with stored positions, one of two tasks with the same batch is rejected',
      async (fixture, open, { sample: place, next }) => {
        const older = await open();
        const from = storedPosition(older);
        const newer = await open();
        await newer.write(fixture.records, from, next, place);
        // Without stored positions, tasks resume at the consumer group's offsets, and a batch may be written twice.
        if ((await open()).positions.length === 0) return;
        await assertFenced(
          'A task wrote a batch from a position that another task has advanced.',
          older,
          fixture.records,
          from,
          next,
        );
        assert.equal(await fixture.stored(), fixture.records.length, 'The sink contains duplicate records.');
      },
    ),
    ...(connector.fence === undefined
      ? []
      : [
          within('opening a newer task fences an older one', async (fixture, open, { sample: place, next }) => {
            const older = await open();
            const newer = await open();
            const from = storedPosition(newer);
            await assertFenced('A task wrote after a newer task was opened.', older, fixture.records, from, next);
            assert.equal(await fixture.stored(), 0, 'The sink contains records of an older task.');
            await newer.write(fixture.records, from, next, place);
            const late = await errorOf('open', () => open(older.generation));
            assert.equal(late?.code, 'FENCED', 'A task of an older generation can be opened.');
          }),
          within('fence rejects older tasks', async (fixture, open, { next }) => {
            const older = await open();
            const context = { log: silent, signal: AbortSignal.timeout(30_000) };
            const config = parseConfig(connector.config, fixture.config);
            for (let i = 0; i < 2; i++)
              await withTimeout(
                'fence',
                connector.fence?.(config, identity(older.generation + 1), context) ?? Promise.resolve(),
              );
            await assertFenced(
              'A task wrote after it was fenced.',
              older,
              fixture.records,
              storedPosition(older),
              next,
            );
            await open(older.generation + 2);
          }),
        ]),
    within(
      'a tombstone is written, or rejected with a DataError with its index',
      async (fixture, open, { sample: place }) => {
        const tombstone: SinkRecord = { ...place, keySchema: null, key: 'gone', valueSchema: null, value: null };
        const writer = await open();
        const error = await errorOf('write of a record without a value', () =>
          writer.write([tombstone], storedPosition(writer), place.offset + 1, place),
        );
        if (error === undefined) return;
        assert.equal(error.kind, 'data', `write rejects a tombstone with ${error.code}, not DataError.`);
        assert.equal((error as { index?: number }).index, 0, 'The DataError does not have the index of the record.');
        assert.equal(await fixture.stored(), 0, 'The sink contains records of a rejected batch.');
      },
    ),
    ...(connector.alterOffsets === undefined
      ? []
      : [
          within('alterOffsets may be repeated', async ({ config }, open, { first, sample: place }) => {
            const writer = await open();
            const next = (first.at(-1)?.offset ?? 0) + 1;
            await writer.write(first, storedPosition(writer), next, place);
            await withTimeout('close', writer.task.close());
            const context = { log: silent, signal: AbortSignal.timeout(30_000) };
            const { originalTopic: topic, originalPartition: partition } = place;
            for (let i = 0; i < 2; i++)
              await connector.alterOffsets?.(
                parseConfig(connector.config, config),
                identity(writer.generation + 1),
                [{ topic, partition, topicId: 'contract', next: null }],
                context,
              );
            const { positions } = await open(writer.generation + 2);
            assert.deepEqual(
              positions.filter(position => position.next > 0),
              [],
              'A deleted position is still stored.',
            );
          }),
        ]),
  ];
}

/** Asserts that a write is rejected with FencedError. */
async function assertFenced(
  messageIfAccepted: string,
  writer: Writer<never>,
  records: readonly SinkRecord[],
  from: number | null,
  next: number,
): Promise<void> {
  const [place] = records as readonly [SinkRecord];
  const error = await errorOf('write', () => writer.write(records, from, next, place));
  assert.ok(error !== undefined, messageIfAccepted);
  assert.equal(error.code, 'FENCED', `The write is rejected with ${error.code}, not FencedError.`);
}

interface Parts {
  readonly first: readonly SinkRecord[];
  readonly last: readonly SinkRecord[];
  readonly sample: SinkRecord;
  /** The offset after all records. */
  readonly next: number;
}

function partsOf({ records }: SinkFixture): Parts {
  const [place] = records;
  const end = records.at(-1);
  if (place === undefined || end === undefined || records.length < 2)
    return assert.fail('The fixture must have at least two records.');
  for (const { originalTopic, originalPartition } of records)
    assert.ok(
      originalTopic === place.originalTopic && originalPartition === place.originalPartition,
      'The records must be of one partition of one topic.',
    );
  const middle = records.length >> 1;
  return { first: records.slice(0, middle), last: records.slice(middle), sample: place, next: end.offset + 1 };
}

/** The position that the sink stores when a task opens. */
const storedPosition = ({ positions: [position] }: Writer<never>): number | null => position?.next ?? null;
