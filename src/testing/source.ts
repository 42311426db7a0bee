import assert from 'node:assert/strict';
import type { ConfigProps, SourceBatch, SourceConnector, SourcePosition, SourceRecord } from '../api/index.ts';
import { kindOf, MillraceError } from '../errors.ts';
import { type Check, check, silent, survivesJson, withTimeout } from './check.ts';
import { configContract, parseConfig } from './config.ts';
import { assertRecord, canonicalRecord } from './data.ts';
import { Positions, Reader } from './source-reader.ts';

/** A source with records to read. */
export interface SourceFixture {
  readonly config: ConfigProps;
  /** Exact number of records to read, at least three. */
  readonly records: number;
  /** Removes everything that `setUp` created. */
  close?(): Promise<void>;
}

export interface SourceSubject<C> {
  readonly connector: SourceConnector<C>;
  /** Creates the data to read; called for each check, with the same records each time. */
  setUp(): Promise<SourceFixture>;
  /** Limit of tasks for `plan`. Default: 3. */
  readonly tasksMax?: number;
}

type Props = Readonly<Record<string, string>>;

/** The limit for several batches, and the limit for one. */
const MIN_BATCH_BYTES = 1;
const MAX_BATCH_BYTES = 1 << 20;

/** The contract of sources. */
export function sourceContract<C>({ connector, setUp, tasksMax = 3 }: SourceSubject<C>): Check[] {
  const context = () => ({ log: silent, signal: AbortSignal.timeout(30_000) });

  /** A check with a fixture of its own; its readers are closed afterwards. */
  const within = (name: string, act: (fixture: SourceFixture, open: Open) => Promise<void>): Check =>
    check(name, async () => {
      const fixture = await setUp();
      const readers: Reader<C>[] = [];
      try {
        await act(fixture, async (props, positions, maxBatchBytes = MAX_BATCH_BYTES) => {
          const reader = new Reader(connector, positions);
          readers.push(reader);
          await reader.open(parseConfig(connector.config, { ...fixture.config, ...props }), maxBatchBytes);
          return reader;
        });
      } finally {
        for (const reader of readers) {
          reader.stopping.abort();
          await withTimeout('close', reader.task.close());
        }
        await fixture.close?.();
      }
    });
  type Open = (props?: Props, positions?: Positions, maxBatchBytes?: number) => Promise<Reader<C>>;

  const plan = (config: ConfigProps, most = tasksMax) =>
    withTimeout('plan', connector.plan(parseConfig(connector.config, config), most, context()), 30_000);
  /** Reads everything with one task, and once more. */
  const readAll = async (fixture: SourceFixture, open: Open): Promise<SourceBatch[]> => {
    const all: SourceBatch[] = [];
    for (const props of await plan(fixture.config, 1)) {
      const reader = await open(props);
      all.push(...(await reader.batches(fixture.records)));
      const more = await reader.read();
      if (more !== null) all.push(more);
    }
    return all;
  };
  const texts = (batches: readonly SourceBatch[]) =>
    batches.flatMap(batch => batch.records.map(record => canonicalRecord(record)));

  return [
    ...configChecks(connector, setUp),
    within(
      'plan returns at most tasksMax configurations of strings, and the same when repeated',
      async ({ config }) => {
        assert.equal(connector.kind, 'source', 'kind must be source.');
        for (const most of [1, tasksMax]) {
          const tasks = await plan(config, most);
          assert.ok(tasks.length <= most, `plan returned ${tasks.length} tasks; the maximum is ${most}.`);
          for (const task of tasks) {
            for (const [key, value] of Object.entries(task))
              assert.ok(typeof value === 'string', `plan returned a value of ${key} that is not a string.`);
            parseConfig(connector.config, { ...config, ...task });
          }
          assert.deepEqual(await plan(config, most), tasks, 'A second call of plan returned different tasks.');
        }
      },
    ),
    within('validate accepts a valid configuration', async ({ config }) => {
      const messages = await connector.validate?.(parseConfig(connector.config, config), context());
      assert.deepEqual(Object.entries(messages ?? {}), [], 'validate rejects a valid configuration.');
    }),
    within('close works without open, and twice', async (fixture, open) => {
      const never = connector.task();
      assert.notEqual(connector.task(), never, 'task returned the same task twice.');
      await withTimeout('close of a task that was never opened', never.close());
      const [props] = await plan(fixture.config, 1);
      const reader = await open(props);
      await withTimeout('close', reader.task.close());
      await withTimeout('close again', reader.task.close());
    }),
    within(
      'all records are read once, fit their schemas, and come in batches with positions',
      async (fixture, open) => {
        assert.ok(fixture.records >= 3, 'The fixture must have at least three records.');
        const batches = await readAll(fixture, open);
        const records = batches.flatMap(batch => batch.records);
        assert.equal(
          records.length,
          fixture.records,
          `The source has ${fixture.records} records, and ${records.length} were read.`,
        );
        for (const batch of batches) checkBatch(batch);
        checkPartitions(batches);
      },
    ),
    within('several tasks together read all records', async (fixture, open) => {
      const tasks = await plan(fixture.config);
      let count = 0;
      for (const props of tasks) {
        const reader = await open(props);
        // The number of records of one task is not known: reads until two reads return none.
        for (let idle = 0; idle < 2; ) {
          const batch = await reader.read();
          idle = batch === null ? idle + 1 : 0;
          count += batch?.records.length ?? 0;
        }
      }
      assert.equal(
        count,
        fixture.records,
        `The source has ${fixture.records} records, and ${tasks.length} tasks read ${count}.`,
      );
    }),
    within('from the position of a batch a new task reads exactly what comes after it', async (fixture, open) => {
      const tasks = await plan(fixture.config, 1);
      for (const props of tasks) {
        const whole = await (await open(props, undefined, MIN_BATCH_BYTES)).batches(fixture.records);
        const cuts =
          whole.length <= 6 ? whole.map((_, i) => i + 1) : [1, 2, whole.length >> 1, whole.length - 1, whole.length];
        for (const cut of cuts) {
          const positions = new Positions();
          for (const batch of whole.slice(0, cut)) positions.put(batch.positions);
          const expected = texts(whole.slice(cut));
          const reader = await open(props, positions, MIN_BATCH_BYTES);
          const rest = await reader.batches(expected.length);
          // One further read: there must be nothing more.
          const more = await reader.read();
          const actual = texts(more === null ? rest : [...rest, more]);
          assert.deepEqual(
            actual,
            expected,
            `After batch ${cut} of ${whole.length} there are ${expected.length} records, but a new task read ${actual.length}, or different ones.`,
          );
          reader.stopping.abort();
          await withTimeout('close', reader.task.close());
        }
      }
    }),
    within('read returns null after a short wait without records', async (fixture, open) => {
      const [props] = await plan(fixture.config, 1);
      const reader = await open(props);
      await reader.batches(fixture.records);
      for (let i = 0; i < 2; i++) {
        const batch = await reader.read(5000);
        assert.deepEqual(batch?.records ?? [], [], 'read returned more records than the source has.');
      }
    }),
    within('a read that waits ends when the task must stop', async (fixture, open) => {
      const [props] = await plan(fixture.config, 1);
      const reader = await open(props);
      await reader.batches(fixture.records);
      const reading = reader.task.read().catch(() => null);
      reader.stopping.abort();
      await withTimeout('read, after its signal was aborted,', reading, 3000);
    }),
    within('a read that waits ends when the task is closed', async (fixture, open) => {
      const [props] = await plan(fixture.config, 1);
      const reader = await open(props);
      await reader.batches(fixture.records);
      const reading = reader.task.read().catch(() => null);
      await withTimeout('close while a read waits', reader.task.close(), 3000);
      await withTimeout('read, after the task was closed,', reading, 3000);
    }),
    ...(connector.alterOffsets === undefined
      ? []
      : [
          within('alterOffsets accepts its own positions repeatedly and rejects others', async (fixture, open) => {
            const alter = (positions: readonly SourcePosition[]) =>
              withTimeout(
                'alterOffsets',
                connector.alterOffsets?.(parseConfig(connector.config, fixture.config), positions, context()) ??
                  Promise.resolve(),
              );
            const batches = await readAll(fixture, open);
            const positions = batches.flatMap(batch => batch.positions).slice(-1);
            for (const some of [positions, positions, positions.map(one => ({ ...one, offset: null }))])
              await alter(some);
            const foreign = [{ partition: { 'no such partition': 1 }, offset: { 'no such offset': true } }];
            const error = await alter(foreign).then(
              () => assert.fail('alterOffsets accepts a position of another connector.'),
              (thrown: unknown) => thrown,
            );
            assert.ok(
              error instanceof MillraceError && kindOf(error) === 'client',
              `alterOffsets rejects a position of another connector with ${error}, not BAD_REQUEST.`,
            );
          }),
        ]),
    ...(connector.deleted === undefined
      ? []
      : [
          within('deleted removes what it created, and may be repeated', async (fixture, open) => {
            await readAll(fixture, open);
            for (let i = 0; i < 2; i++)
              await withTimeout(
                'deleted',
                connector.deleted?.(parseConfig(connector.config, fixture.config), context()) ?? Promise.resolve(),
              );
          }),
        ]),
  ];
}

/** The checks of the spec, each with the configuration of a new fixture. */
function configChecks<C>(connector: SourceConnector<C>, setUp: () => Promise<SourceFixture>): Check[] {
  return configContract(connector.config, {}).map(({ name }, index) =>
    check(name, async () => {
      const fixture = await setUp();
      try {
        await configContract(connector.config, fixture.config)[index]?.run();
      } finally {
        await fixture.close?.();
      }
    }),
  );
}

function checkBatch({ records, positions, bytes }: SourceBatch): void {
  assert.ok(
    records.length + positions.length > 0,
    'A batch has neither records nor positions: return null when there is nothing to read.',
  );
  assert.ok(Number.isFinite(bytes) && bytes >= 0, `A batch has ${bytes} bytes.`);
  records.forEach((record: SourceRecord, i) => {
    assertRecord(record, `record ${i} of a batch`);
  });
  for (const { partition, offset } of positions) {
    assert.ok(survivesJson(partition), 'The partition of a position changes in a round trip through JSON.');
    assert.ok(survivesJson(offset), 'The offset of a position changes in a round trip through JSON.');
  }
}

/** Kafka stores the last position by the partition's JSON, so the same names in another order are another partition. */
function checkPartitions(batches: readonly SourceBatch[]): void {
  const orders = new Map<string, string>();
  for (const { partition } of batches.flatMap(batch => batch.positions)) {
    const text = JSON.stringify(partition);
    const sorted = JSON.stringify(Object.entries(partition).toSorted());
    assert.equal(
      orders.get(sorted) ?? text,
      text,
      'Two positions have the same partition with its names in different order.',
    );
    orders.set(sorted, text);
  }
}
