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
import { type Check, check, refusal, silent, soon } from './check.ts';
import { configContract, configured } from './config.ts';

/** A sink with nothing in it yet. */
export interface SinkGiven {
  readonly config: ConfigProps;
  /** Records that it takes, at least two of one partition of one topic, in the order of their offsets. */
  readonly records: readonly SinkRecord[];
  /** How many records the sink holds now. */
  stored(): Promise<number>;
  /** Takes away what has been set up. */
  close?(): Promise<void>;
}

export interface SinkSubject<C> {
  readonly connector: SinkConnector<C>;
  /** Sets up somewhere to write to; called for each check. */
  given(): Promise<SinkGiven>;
}

/** One writer at work. */
class Writer<C> {
  readonly task: SinkTask<C>;
  readonly generation: number;
  held: readonly SinkPosition[] = [];
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
    this.held = await soon('open', opening, 30_000);
  }
  /** from: the position that the sink must hold. */
  write(records: readonly SinkRecord[], from: number | null, next: number, place: SinkRecord): Promise<void> {
    const { originalTopic: topic, originalPartition: partition } = place;
    const positions: SinkProgress[] = [{ topic, partition, from, next, end: next }];
    return soon('write', this.task.write({ records, positions }), 30_000);
  }
}

const identity = (generation: number): SinkWriter => ({
  cluster: 'contract',
  connector: 'contract',
  generation,
  attempt: 1,
});

/** What every sink has to do. */
export function sinkContract<C>({ connector, given }: SinkSubject<C>): Check[] {
  const within = (
    name: string,
    act: (given: SinkGiven, open: (generation?: number) => Promise<Writer<C>>, parts: Parts) => Promise<void>,
  ): Check =>
    check(name, async () => {
      const own = await given();
      const writers: Writer<C>[] = [];
      // Each task that is opened is newer than those before.
      let generation = 0;
      try {
        const parts = partsOf(own);
        const config = configured(connector.config, own.config);
        await act(
          own,
          async (of = ++generation) => {
            const writer = new Writer(connector, of);
            writers.push(writer);
            await writer.open(config, parts.place.originalTopic, parts.place.originalPartition);
            return writer;
          },
          parts,
        );
      } finally {
        for (const writer of writers) await soon('close', writer.task.close());
        await own.close?.();
      }
    });

  return [
    ...configContract(connector.config, {}).map(({ name }, index) =>
      within(name, async ({ config }) => {
        await configContract(connector.config, config)[index]?.run();
      }),
    ),
    within('a right configuration has nothing wrong with it when servers are asked', async ({ config }) => {
      assert.equal(connector.kind, 'sink', 'kind must be sink.');
      const context = { log: silent, signal: AbortSignal.timeout(30_000) };
      const messages = await connector.validate?.(configured(connector.config, config), context);
      assert.deepEqual(
        Object.entries(messages ?? {}),
        [],
        'validate finds something wrong with a right configuration.',
      );
    }),
    within('a task that was never opened can be closed, and one that was', async (_own, open) => {
      const never = connector.task();
      assert.notEqual(connector.task(), never, 'task answers the same task twice.');
      await soon('close of a task that was never opened', never.close());
      await soon('close', (await open()).task.close());
    }),
    within('it is empty at first, and says so', async (own, open, { place }) => {
      const { held } = await open();
      for (const { topic, partition, next } of held) {
        assert.ok(
          topic === place.originalTopic && partition === place.originalPartition,
          `open answers a position of ${topic}-${partition}, which is not assigned.`,
        );
        assert.equal(next, 0, `open answers ${next} as the position of a sink that is empty.`);
      }
      assert.equal(await own.stored(), 0, 'The sink holds records before any is written.');
    }),
    within('what is written is there when write has resolved', async (own, open, { first, last, place, next }) => {
      const writer = await open();
      await writer.write(first, start(writer), last[0]?.offset ?? next, place);
      assert.equal(
        await own.stored(),
        first.length,
        `After ${first.length} records the sink holds another number of them.`,
      );
      await writer.write(last, last[0]?.offset ?? 0, next, place);
      assert.equal(
        await own.stored(),
        own.records.length,
        'After the second batch the sink does not hold all records.',
      );
    }),
    within('a new task goes on where the last one ended', async (own, open, { first, last, place, next }) => {
      const writer = await open();
      const middle = last[0]?.offset ?? next;
      await writer.write(first, start(writer), middle, place);
      await soon('close', writer.task.close());
      const second = await open();
      for (const held of second.held)
        assert.equal(held.next, middle, `A new task answers ${held.next} as its position, and ${middle} was written.`);
      await second.write(last, middle, next, place);
      await soon('close', second.task.close());
      assert.equal(await own.stored(), own.records.length, 'After two tasks the sink does not hold every record once.');
    }),
    within('a batch whose records were all dropped is taken', async (own, open, { place, next }) => {
      const writer = await open();
      await writer.write([], start(writer), next, place);
      assert.equal(await own.stored(), 0, 'Of a batch without records the sink holds some.');
    }),
    within(
      'of two tasks with the same batch one is refused, where the sink holds its positions',
      async (own, open, { place, next }) => {
        const older = await open();
        const from = start(older);
        const newer = await open();
        await newer.write(own.records, from, next, place);
        // It leaves positions to the consumer group, and what it writes twice to the destination.
        if ((await open()).held.length === 0) return;
        await refused('A task writes a batch at a position that another has moved.', older, own.records, from, next);
        assert.equal(await own.stored(), own.records.length, 'The sink holds records twice.');
      },
    ),
    ...(connector.fence === undefined
      ? []
      : [
          within('a newer task refuses an older one from its opening on', async (own, open, { place, next }) => {
            const older = await open();
            const newer = await open();
            const from = start(newer);
            await refused('A task writes after a newer one has been opened.', older, own.records, from, next);
            assert.equal(await own.stored(), 0, 'The sink holds what an older task has written.');
            await newer.write(own.records, from, next, place);
            const late = await refusal('open', () => open(older.generation));
            assert.equal(late?.code, 'FENCED', 'A task of an older generation can be opened.');
          }),
          within('a fence refuses older tasks', async (own, open, { next }) => {
            const older = await open();
            const context = { log: silent, signal: AbortSignal.timeout(30_000) };
            const config = configured(connector.config, own.config);
            for (let i = 0; i < 2; i++)
              await soon(
                'fence',
                connector.fence?.(config, identity(older.generation + 1), context) ?? Promise.resolve(),
              );
            await refused('A task writes after it has been fenced.', older, own.records, start(older), next);
            await open(older.generation + 2);
          }),
        ]),
    within('a tombstone is written, or refused with a DataError that has its index', async (own, open, { place }) => {
      const tombstone: SinkRecord = { ...place, keySchema: null, key: 'gone', valueSchema: null, value: null };
      const writer = await open();
      const refused = await refusal('write of a record without a value', () =>
        writer.write([tombstone], start(writer), place.offset + 1, place),
      );
      if (refused === undefined) return;
      assert.equal(refused.kind, 'data', `write refuses a tombstone with ${refused.code}, not DataError.`);
      assert.equal((refused as { index?: number }).index, 0, 'The DataError does not have the index of the record.');
      assert.equal(await own.stored(), 0, 'Of a batch that is refused the sink holds something.');
    }),
    ...(connector.alterOffsets === undefined
      ? []
      : [
          within(
            'positions that it holds may be altered, again and again',
            async ({ config }, open, { first, place }) => {
              const writer = await open();
              const next = (first.at(-1)?.offset ?? 0) + 1;
              await writer.write(first, start(writer), next, place);
              await soon('close', writer.task.close());
              const context = { log: silent, signal: AbortSignal.timeout(30_000) };
              const { originalTopic: topic, originalPartition: partition } = place;
              for (let i = 0; i < 2; i++)
                await connector.alterOffsets?.(
                  configured(connector.config, config),
                  identity(writer.generation + 1),
                  [{ topic, partition, topicId: 'contract', next: null }],
                  context,
                );
              const { held } = await open(writer.generation + 2);
              assert.deepEqual(
                held.filter(one => one.next > 0),
                [],
                'A position that was taken away is still held.',
              );
            },
          ),
        ]),
  ];
}

/** The batch is refused as that of a task that has been replaced. */
async function refused(
  otherwise: string,
  writer: Writer<never>,
  records: readonly SinkRecord[],
  from: number | null,
  next: number,
): Promise<void> {
  const [place] = records as readonly [SinkRecord];
  const error = await refusal('write', () => writer.write(records, from, next, place));
  assert.ok(error !== undefined, otherwise);
  assert.equal(error.code, 'FENCED', `It is refused with ${error.code}, not FencedError.`);
}

interface Parts {
  readonly first: readonly SinkRecord[];
  readonly last: readonly SinkRecord[];
  readonly place: SinkRecord;
  /** Behind all of them. */
  readonly next: number;
}

function partsOf({ records }: SinkGiven): Parts {
  const [place] = records;
  const end = records.at(-1);
  if (place === undefined || end === undefined || records.length < 2)
    return assert.fail('At least two records are needed.');
  for (const { originalTopic, originalPartition } of records)
    assert.ok(
      originalTopic === place.originalTopic && originalPartition === place.originalPartition,
      'The records must be of one partition of one topic.',
    );
  const middle = records.length >> 1;
  return { first: records.slice(0, middle), last: records.slice(middle), place, next: end.offset + 1 };
}

/** What a sink holds before anything was written. */
const start = ({ held: [position] }: Writer<never>): number | null => position?.next ?? null;
