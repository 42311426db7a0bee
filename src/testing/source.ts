import assert from 'node:assert/strict';
import type { ConfigProps, SourceBatch, SourceConnector, SourcePosition, SourceRecord } from '../api/index.ts';
import { kindOf, MillraceError } from '../errors.ts';
import { type Check, check, silent, soon, stableJson } from './check.ts';
import { configContract, configured } from './config.ts';
import { assertRecord, canonicalRecord } from './data.ts';
import { Positions, Reader } from './source-reader.ts';

/** A source with something to read. */
export interface SourceGiven {
  readonly config: ConfigProps;
  /** How many records there are to read, no more and no less: at least three. */
  readonly records: number;
  /** Takes away what has been set up. */
  close?(): Promise<void>;
}

export interface SourceSubject<C> {
  readonly connector: SourceConnector<C>;
  /** Sets up what is to be read; called for each check. What it sets up holds the same records each time. */
  given(): Promise<SourceGiven>;
  /** As many tasks as the connector may plan. Default: 3. */
  readonly tasksMax?: number;
}

type Props = Readonly<Record<string, string>>;

/** Small, so that there are several batches. */
const SMALL = 1;
const LARGE = 1 << 20;

/** What every source has to do. */
export function sourceContract<C>({ connector, given, tasksMax = 3 }: SourceSubject<C>): Check[] {
  const context = () => ({ log: silent, signal: AbortSignal.timeout(30_000) });

  /** Each check has what is given to itself, and its readers are closed. */
  const within = (name: string, act: (given: SourceGiven, open: Open) => Promise<void>): Check =>
    check(name, async () => {
      const own = await given();
      const readers: Reader<C>[] = [];
      try {
        await act(own, async (props, positions, maxBatchBytes = LARGE) => {
          const reader = new Reader(connector, positions);
          readers.push(reader);
          await reader.open(configured(connector.config, { ...own.config, ...props }), maxBatchBytes);
          return reader;
        });
      } finally {
        for (const reader of readers) {
          reader.stopping.abort();
          await soon('close', reader.task.close());
        }
        await own.close?.();
      }
    });
  type Open = (props?: Props, positions?: Positions, maxBatchBytes?: number) => Promise<Reader<C>>;

  const plan = (config: ConfigProps, most = tasksMax) =>
    soon('plan', connector.plan(configured(connector.config, config), most, context()), 30_000);
  /** As one task, and what a further read finds. */
  const readAll = async (own: SourceGiven, open: Open): Promise<SourceBatch[]> => {
    const all: SourceBatch[] = [];
    for (const props of await plan(own.config, 1)) {
      const reader = await open(props);
      all.push(...(await reader.batches(own.records)));
      const more = await reader.read();
      if (more !== null) all.push(more);
    }
    return all;
  };
  const texts = (batches: readonly SourceBatch[]) =>
    batches.flatMap(batch => batch.records.map(record => canonicalRecord(record)));

  return [
    ...withConfig(connector, given),
    within('a plan has no more tasks than it may, of texts, and is the same again', async ({ config }) => {
      assert.equal(connector.kind, 'source', 'kind must be source.');
      for (const most of [1, tasksMax]) {
        const tasks = await plan(config, most);
        assert.ok(tasks.length <= most, `plan answers ${tasks.length} tasks where ${most} are the most.`);
        for (const task of tasks) {
          for (const [key, value] of Object.entries(task))
            assert.ok(typeof value === 'string', `plan answers ${key} with a value that is no text.`);
          configured(connector.config, { ...config, ...task });
        }
        assert.deepEqual(await plan(config, most), tasks, 'Planned again, the tasks are others.');
      }
    }),
    within('a right configuration has nothing wrong with it when servers are asked', async ({ config }) => {
      const messages = await connector.validate?.(configured(connector.config, config), context());
      assert.deepEqual(
        Object.entries(messages ?? {}),
        [],
        'validate finds something wrong with a right configuration.',
      );
    }),
    within('a task that was never opened can be closed, and any twice', async (own, open) => {
      const never = connector.task();
      assert.notEqual(connector.task(), never, 'task answers the same task twice.');
      await soon('close of a task that was never opened', never.close());
      const [props] = await plan(own.config, 1);
      const reader = await open(props);
      await soon('close', reader.task.close());
      await soon('close again', reader.task.close());
    }),
    within(
      'everything is read, once, as records that fit their schemas, in batches with positions',
      async (own, open) => {
        assert.ok(own.records >= 3, 'At least three records are needed.');
        const batches = await readAll(own, open);
        const records = batches.flatMap(batch => batch.records);
        assert.equal(records.length, own.records, `${own.records} records are there, and ${records.length} were read.`);
        for (const batch of batches) checkBatch(batch);
        checkPartitions(batches);
      },
    ),
    within('several tasks read all of it together', async (own, open) => {
      const tasks = await plan(own.config);
      let count = 0;
      for (const props of tasks) {
        const reader = await open(props);
        // How much is this task's own nobody can say: until it has found nothing.
        for (let idle = 0; idle < 2; ) {
          const batch = await reader.read();
          idle = batch === null ? idle + 1 : 0;
          count += batch?.records.length ?? 0;
        }
      }
      assert.equal(
        count,
        own.records,
        `${own.records} records are there, and ${tasks.length} tasks have read ${count}.`,
      );
    }),
    within('from the position of a batch a new task reads just what is behind it', async (own, open) => {
      const tasks = await plan(own.config, 1);
      for (const props of tasks) {
        const whole = await (await open(props, undefined, SMALL)).batches(own.records);
        const cuts =
          whole.length <= 6 ? whole.map((_, i) => i + 1) : [1, 2, whole.length >> 1, whole.length - 1, whole.length];
        for (const cut of cuts) {
          const positions = new Positions();
          for (const batch of whole.slice(0, cut)) positions.put(batch.positions);
          const expected = texts(whole.slice(cut));
          const reader = await open(props, positions, SMALL);
          const rest = await reader.batches(expected.length);
          // One further read: there must be nothing more.
          const more = await reader.read();
          const found = texts(more === null ? rest : [...rest, more]);
          assert.deepEqual(
            found,
            expected,
            `Behind batch ${cut} of ${whole.length} there are ${expected.length} records, and a new task reads ${found.length} or others.`,
          );
          reader.stopping.abort();
          await soon('close', reader.task.close());
        }
      }
    }),
    within('a read that finds nothing answers null before long', async (own, open) => {
      const [props] = await plan(own.config, 1);
      const reader = await open(props);
      await reader.batches(own.records);
      for (let i = 0; i < 2; i++) {
        const batch = await reader.read(5000);
        assert.deepEqual(batch?.records ?? [], [], 'There are more records than there should be.');
      }
    }),
    within('a read that waits ends when the task must stop', async (own, open) => {
      const [props] = await plan(own.config, 1);
      const reader = await open(props);
      await reader.batches(own.records);
      const reading = reader.task.read().catch(() => null);
      reader.stopping.abort();
      await soon('read, after its signal was aborted,', reading, 3000);
    }),
    within('a read that waits ends when the task is closed', async (own, open) => {
      const [props] = await plan(own.config, 1);
      const reader = await open(props);
      await reader.batches(own.records);
      const reading = reader.task.read().catch(() => null);
      await soon('close while a read waits', reader.task.close(), 3000);
      await soon('read, after the task was closed,', reading, 3000);
    }),
    ...(connector.alterOffsets === undefined
      ? []
      : [
          within('positions of its own may be altered, again and again, and others not', async (own, open) => {
            const alter = (positions: readonly SourcePosition[]) =>
              soon(
                'alterOffsets',
                connector.alterOffsets?.(configured(connector.config, own.config), positions, context()) ??
                  Promise.resolve(),
              );
            const batches = await readAll(own, open);
            const positions = batches.flatMap(batch => batch.positions).slice(-1);
            for (const some of [positions, positions, positions.map(one => ({ ...one, offset: null }))])
              await alter(some);
            const foreign = [{ partition: { 'no such partition': 1 }, offset: { 'no such offset': true } }];
            const error = await alter(foreign).then(
              () => assert.fail('alterOffsets takes a position that is none of its own.'),
              (thrown: unknown) => thrown,
            );
            assert.ok(
              error instanceof MillraceError && kindOf(error) === 'client',
              `alterOffsets refuses a position that is none of its own with ${error}, not BAD_REQUEST.`,
            );
          }),
        ]),
    ...(connector.deleted === undefined
      ? []
      : [
          within('what it leaves behind is removed, and removed again', async (own, open) => {
            await readAll(own, open);
            for (let i = 0; i < 2; i++)
              await soon(
                'deleted',
                connector.deleted?.(configured(connector.config, own.config), context()) ?? Promise.resolve(),
              );
          }),
        ]),
  ];
}

/** The checks of the configuration need one; it is made for each of them. */
function withConfig<C>(connector: SourceConnector<C>, given: () => Promise<SourceGiven>): Check[] {
  return configContract(connector.config, {}).map(({ name }, index) =>
    check(name, async () => {
      const own = await given();
      try {
        await configContract(connector.config, own.config)[index]?.run();
      } finally {
        await own.close?.();
      }
    }),
  );
}

function checkBatch({ records, positions, bytes }: SourceBatch): void {
  assert.ok(
    records.length + positions.length > 0,
    'A batch has neither records nor positions: null says that there is nothing.',
  );
  assert.ok(Number.isFinite(bytes) && bytes >= 0, `A batch has ${bytes} bytes.`);
  records.forEach((record: SourceRecord, i) => {
    assertRecord(record, `record ${i} of a batch`);
  });
  for (const { partition, offset } of positions) {
    assert.ok(stableJson(partition), 'A partition of a position is not the same after it has been through JSON.');
    assert.ok(stableJson(offset), 'An offset of a position is not the same after it has been through JSON.');
  }
}

/** Kafka keeps the last position of each partition by its JSON: the same names in another order were another partition. */
function checkPartitions(batches: readonly SourceBatch[]): void {
  const orders = new Map<string, string>();
  for (const { partition } of batches.flatMap(batch => batch.positions)) {
    const text = JSON.stringify(partition);
    const sorted = JSON.stringify(Object.entries(partition).toSorted());
    assert.equal(orders.get(sorted) ?? text, text, 'The names of a partition are in another order the second time.');
    orders.set(sorted, text);
  }
}
