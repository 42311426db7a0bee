import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SinkProgress, type SinkRecord, schemaOf, structOf } from '../../../src/api/index.ts';
import { kindOf } from '../../../src/errors.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { recordsOf, rejection, TestSink, writer } from './sink.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('jdbc_sink_once');
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('DROP TABLE IF EXISTS orders, millrace_offsets');
  await db.query('CREATE TABLE orders (id int, n int)');
});

const { row } = recordsOf(
  structOf({ id: schemaOf('int32') }),
  structOf({ id: schemaOf('int32'), n: schemaOf('int32') }),
);
/** A sink in insert mode: duplicates are visible. */
const append = { 'insert.mode': 'insert', 'pk.mode': 'none' };
const assigned = [0, 1].map(partition => ({ topic: 'orders', partition }));

const at = (partition: number, from: number | null, next: number): SinkProgress => ({
  topic: 'orders',
  partition,
  from,
  next,
  end: next,
});
const numbered = (from: number, to: number, partition = 0): SinkRecord[] =>
  Array.from({ length: to - from }, (_, i) => ({
    ...row({ id: from + i, n: partition }),
    offset: from + i,
    partition,
    originalPartition: partition,
  }));
const ids = async () => (await db.query<{ id: number }>('SELECT id FROM orders ORDER BY id')).map(({ id }) => id);
const offsets = () => db.query('SELECT * FROM millrace_offsets ORDER BY connector, topic, partition');

describe('positions', () => {
  it('advance with the rows, belong to a connector, and are read when it opens', async () => {
    const first = await TestSink.open(db, append, { assigned });
    expect(first.releaseFunctions).toEqual([]);
    await first.write([...numbered(0, 3), ...numbered(10, 11, 1)], [at(1, null, 11), at(0, null, 5)]);
    await first.write([], [at(0, 5, 9)]);
    await first.close();
    await using again = await TestSink.open(db, append, { assigned: assigned.slice(0, 1) });
    expect(again.releaseFunctions).toMatchObject([{ topic: 'orders', partition: 0, topicId: 'id', next: 9 }]);
    await using other = await TestSink.open(db, append, { assigned, connector: "it's another" });
    expect(other.releaseFunctions).toEqual([]);
    await other.write(numbered(20, 21), [at(0, null, 21)]);
    expect(await offsets()).toMatchObject([
      { connector: "it's another", topic: 'orders', partition: 0, next_offset: '21' },
      { connector: "it's another", topic: 'orders', partition: 1, next_offset: null },
      { connector: 'orders-sink', topic: 'orders', partition: 0, next_offset: '9' },
      { connector: 'orders-sink', topic: 'orders', partition: 1, next_offset: '11' },
    ]);
  });

  it('above 2^31 are exact', async () => {
    await using sink = await TestSink.open(db, append, { assigned });
    const far = 2 ** 52 + 1;
    await sink.write([], [at(0, null, far)]);
    await sink.write([], [at(0, far, far + 1)]);
    expect(await offsets()).toMatchObject([{ next_offset: String(far + 1) }, { next_offset: null }]);
  });

  it('need no statement for an empty batch', async () => {
    await using sink = await TestSink.open(db, append, { assigned });
    await sink.write(numbered(0, 2), []);
    expect(await ids()).toEqual([0, 1]);
    expect(await offsets()).toMatchObject([{ next_offset: null }, { next_offset: null }]);
  });
});

describe('the fence', () => {
  it('rejects an older task, and rolls its batch back', async () => {
    await using old = await TestSink.open(db, append, { assigned });
    await old.write(numbered(0, 2), [at(0, null, 2)]);
    await using young = await TestSink.open(db, append, { assigned });
    await young.write(numbered(2, 4), [at(0, 2, 4)]);
    expect(await rejection(old.write(numbered(2, 5), [at(0, 2, 5)]))).toMatchObject({
      code: 'FENCED',
      name: 'FencedError',
    });
    expect(await ids()).toEqual([0, 1, 2, 3]);
    // Not even with a batch that continues at the other task's position, which it must have read.
    await young.write(numbered(4, 5), [at(0, 4, 5)]);
    expect(await ids()).toEqual([0, 1, 2, 3, 4]);
  });

  it('rejects an older task from the moment that a newer one is open, before its first write', async () => {
    await using old = await TestSink.open(db, append, { assigned });
    await old.write(numbered(0, 2), [at(0, null, 2)]);
    await using young = await TestSink.open(db, append, { assigned });
    expect(await rejection(old.write(numbered(2, 3), [at(0, 2, 3)]))).toMatchObject({ code: 'FENCED' });
    await young.write(numbered(2, 4), [at(0, 2, 4)]);
    expect(await ids()).toEqual([0, 1, 2, 3]);
  });

  it('rejects opening a task older than an opened one, by generation and by attempt', async () => {
    const { generation } = writer();
    await using _newer = await TestSink.open(db, append, { assigned, generation, attempt: 2 });
    const older = [
      { generation: generation - 1, attempt: 9 },
      { generation, attempt: 1 },
    ];
    for (const than of older)
      expect(await rejection(TestSink.open(db, append, { assigned, ...than }))).toMatchObject({ code: 'FENCED' });
  });

  it('rejects tasks of partitions without a newer task once the connector has been fenced', async () => {
    await using old = await TestSink.open(db, append, { assigned });
    await old.write(numbered(0, 2), [at(0, null, 2)]);
    await TestSink.fence(db, append);
    expect(await rejection(old.write(numbered(2, 3), [at(0, 2, 3)]))).toMatchObject({ code: 'FENCED' });
    await using _later = await TestSink.open(db, append, { assigned });
  });

  it('is separate for connectors of the same name in other clusters: position and claim', async () => {
    await using a = await TestSink.open(db, append, { assigned, cluster: 'kafka-1/a' });
    await a.write(numbered(0, 2), [at(0, null, 2)]);
    await using b = await TestSink.open(db, append, { assigned, cluster: 'kafka-1/b' });
    expect(b.releaseFunctions).toEqual([]);
    await a.write(numbered(2, 3), [at(0, 2, 3)]);
    await b.write(numbered(10, 11), [at(0, null, 1)]);
    await TestSink.fence(db, append, { cluster: 'kafka-1/b' });
    await a.write(numbered(3, 4), [at(0, 3, 4)]);
    expect(await ids()).toEqual([0, 1, 2, 3, 10]);
  });

  it('stores the topic id of a position with the first write that advances it', async () => {
    const first = await TestSink.open(db, append, { assigned, topicId: 'old' });
    await first.write(numbered(0, 2), [at(0, null, 2)]);
    await first.close();
    await using again = await TestSink.open(db, append, { assigned, topicId: 'new' });
    expect(again.releaseFunctions).toMatchObject([{ next: 2, topicId: 'old' }]);
    await again.write(numbered(10, 11), [at(0, 2, 1)]);
    expect(await offsets()).toMatchObject([{ topic_id: 'new', next_offset: '1' }, { next_offset: null }]);
  });

  it('rejects a table of other columns', async () => {
    await db.query('CREATE TABLE millrace_offsets (connector text, topic text, partition int, next_offset bigint)');
    expect(await rejection(TestSink.open(db, append, { assigned }))).toMatchObject({
      code: 'SINK_SETUP',
      message: expect.stringMatching(/lacks the columns cluster, topic_id, generation, attempt/),
    });
  });

  it('applies if only one of several partitions was written', async () => {
    await using old = await TestSink.open(db, append, { assigned });
    await old.write([], [at(0, null, 1), at(1, null, 1)]);
    // Both claims are valid: with equal generations, which real tasks never have, only the position decides.
    const { generation } = writer();
    await using first = await TestSink.open(db, append, { assigned, generation });
    await using young = await TestSink.open(db, append, { assigned, generation });
    await young.write(numbered(1, 2, 1), [at(1, 1, 2)]);
    expect(
      await rejection(first.write([...numbered(1, 2), ...numbered(1, 2, 1)], [at(0, 1, 2), at(1, 1, 2)])),
    ).toMatchObject({ code: 'FENCED' });
    expect(await ids()).toEqual([1]);
    expect(await offsets()).toMatchObject([{ next_offset: '1' }, { next_offset: '2' }]);
  });

  it('applies to two tasks that both consider themselves current', async () => {
    const { generation } = writer();
    await using a = await TestSink.open(db, append, { assigned, generation });
    await using b = await TestSink.open(db, append, { assigned, generation });
    await a.write(numbered(0, 1), [at(0, null, 1)]);
    expect(await rejection(b.write(numbered(0, 1), [at(0, null, 1)]))).toMatchObject({ code: 'FENCED' });
    expect(await ids()).toEqual([0]);
  });

  it('makes an older task wait for the open transaction of a newer one, and then fail', async () => {
    await using old = await TestSink.open(db, append, { assigned });
    await old.write([], [at(0, null, 1)]);
    const young = await db.client();
    await young.query('BEGIN; UPDATE millrace_offsets SET next_offset = 7');
    const refused = rejection(old.write(numbered(1, 3), [at(0, 1, 3)]));
    await eventually(
      'the older task waits',
      async () =>
        (
          await db.query(
            "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'millrace orders-sink/%/0' AND wait_event_type = 'Lock'",
          )
        ).length > 0,
    );
    await young.query('COMMIT');
    expect(await refused).toMatchObject({ code: 'FENCED' });
    expect(await ids()).toEqual([]);
  });

  it('lets exactly one of many tasks write, repeatedly', async () => {
    const { generation } = writer();
    const racers = await Promise.all(
      Array.from({ length: 4 }, () => TestSink.open(db, append, { assigned, generation })),
    );
    for (let next = 1; next <= 20; next++) {
      const from = next === 1 ? null : next - 1;
      const outcomes = await Promise.allSettled(
        racers.map(sink => sink.write(numbered(next - 1, next), [at(0, from, next)])),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'FENCED' });
    }
    await Promise.all(racers.map(sink => sink.close()));
    expect(await ids()).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});

/** Pseudorandom numbers, reproducible by seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Writes like the engine: from the stored position, opening again after every retriable error, until there were
 * `breaks` errors and enough records. Returns the number of records.
 */
async function writeThrough(target: TestDatabase, breaks: number, random: () => number): Promise<number> {
  for (let broken = 0; ; ) {
    let sink: TestSink | undefined;
    try {
      sink = await TestSink.open(target, append, { assigned });
      let from: number | null = sink.releaseFunctions[0]?.next ?? null;
      while (broken < breaks || (from ?? 0) < ENOUGH) {
        const start: number = from ?? 0;
        const next = start + 1 + Math.floor(random() * 600);
        await sink.write(numbered(start, next), [at(0, from, next)]);
        from = next;
      }
      return from ?? 0;
    } catch (error) {
      if (kindOf(error) !== 'retriable') throw error;
      broken++;
    } finally {
      await sink?.close();
    }
  }
}

const BREAKS = 12;
const ENOUGH = 10_000;
const everyRecordOnce = async (total: number) => {
  expect(total).toBeGreaterThan(0);
  expect(
    await db.query('SELECT count(*)::int AS n, count(DISTINCT id)::int AS d, min(id) AS a, max(id) AS z FROM orders'),
  ).toEqual([{ n: total, d: total, a: 0, z: total - 1 }]);
};

describe('broken connections', () => {
  it.each([1, 2, 3])('a backend that is terminated at any moment writes every record once (seed %i)', async seed => {
    const random = seeded(seed);
    const admin = await db.client();
    let done = false;
    const killing = (async () => {
      // Interruptions become rarer, so that batches succeed between them on a slow machine.
      for (let pause = 20; !done; pause += 5) {
        await new Promise(resolve => setTimeout(resolve, random() * 2 * pause));
        await admin.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'millrace %' AND datname = current_database()",
        );
      }
    })();
    const total = await writeThrough(db, BREAKS, random).finally(() => {
      done = true;
    });
    await killing;
    await everyRecordOnce(total);
  });

  it('the position decides what is committed when a link is cut during replies', async () => {
    await using proxy = await flakyProxy(db.connection.host, db.connection.port);
    const through = { ...db, connection: { ...db.connection, host: '127.0.0.1', port: proxy.port } };
    const random = seeded(4);
    const cutting = (async () => {
      for (let pause = 20; !proxy.closed; pause += 5) {
        await new Promise(resolve => setTimeout(resolve, random() * 2 * pause));
        proxy.cut(random() < 0.5);
      }
    })();
    const total = await writeThrough(through, BREAKS, random).finally(() => proxy[Symbol.asyncDispose]());
    await cutting;
    await everyRecordOnce(total);
  });

  it('a lost reply to COMMIT means an unknown outcome; the rows are written once', async () => {
    await using proxy = await flakyProxy(db.connection.host, db.connection.port);
    const through = { ...db, connection: { ...db.connection, host: '127.0.0.1', port: proxy.port } };
    await using sink = await TestSink.open(through, append, { assigned });
    await sink.write(numbered(0, 1), [at(0, null, 1)]);
    proxy.mute();
    const outcome = rejection(sink.write(numbered(1, 3), [at(0, 1, 3)]));
    await eventually('the batch is committed', async () => (await ids()).length === 3);
    proxy.cut(false);
    expect(await outcome).toMatchObject({ code: 'COMMIT_UNKNOWN', kind: 'retriable' });
    expect(await rejection(sink.write(numbered(3, 4), [at(0, 3, 4)]))).toMatchObject({ kind: 'retriable' });
    await using again = await TestSink.open(db, append, { assigned });
    expect(again.releaseFunctions).toMatchObject([{ topic: 'orders', partition: 0, next: 3 }]);
  });

  it('a successor of a worker that is frozen in a batch continues, and nothing of that batch is written', async () => {
    await using proxy = await flakyProxy(db.connection.host, db.connection.port);
    const through = { ...db, connection: { ...db.connection, host: '127.0.0.1', port: proxy.port } };
    await using frozen = await TestSink.open(through, append, { assigned });
    await frozen.write(numbered(0, 1000), [at(0, null, 1000)]);
    proxy.freezeAfter(200_000);
    const interrupted = rejection(frozen.write(numbered(1000, 60_000), [at(0, 1000, 60_000)]));
    const stalled = async () =>
      (
        await db.query(
          "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'millrace orders-sink/%/0' AND datname = current_database() AND wait_event = 'ClientRead' AND xact_start IS NOT NULL AND query_start < clock_timestamp() - interval '3 seconds'",
        )
      ).length === 1;
    await eventually('the transaction stalls', stalled);
    await using successor = await TestSink.open(db, append, { assigned });
    expect(successor.releaseFunctions).toMatchObject([{ topic: 'orders', partition: 0, next: 1000 }]);
    await successor.write(numbered(1000, 1500), [at(0, 1000, 1500)]);
    proxy.thaw();
    expect(await interrupted).toMatchObject({ kind: 'retriable' });
    await everyRecordOnce(1500);
  });

  it('a task that is stopped while its write waits for a lock ends without writing its batch', async () => {
    const stop = new AbortController();
    await using sink = await TestSink.open(db, append, { assigned, signal: stop.signal });
    await sink.write(numbered(0, 1), [at(0, null, 1)]);
    const locker = await db.client();
    await locker.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    const waiting = rejection(sink.write(numbered(1, 2), [at(0, 1, 2)]));
    stop.abort();
    expect(await waiting).toMatchObject({ kind: 'retriable' });
    await eventually('the server has cancelled it', async () => {
      await db.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'millrace orders-sink/%/0' AND datname = current_database()",
      );
      return true;
    });
    await locker.query('COMMIT');
    expect(await ids()).toEqual([0]);
  });
});

interface Proxy extends AsyncDisposable {
  readonly port: number;
  readonly closed: boolean;
  /** Closes every connection; halfway: discards the server's answers first. */
  cut(halfway: boolean): void;
  /** Discards the server's answers from now on. */
  mute(): void;
  /** Forwards this many more bytes to the server, then nothing in either direction until `thaw`. */
  freezeAfter(bytes: number): void;
  thaw(): void;
}

async function flakyProxy(host: string, port: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let muted = false;
  let closed = false;
  let budget = Number.POSITIVE_INFINITY;
  const heldReplies: (() => void)[] = [];
  const server = createServer(client => {
    const upstream = dial(port, host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', chunk => {
      budget -= chunk.length;
      if (budget >= 0) upstream.write(chunk);
      else {
        client.pause();
        heldReplies.push(() => {
          upstream.write(chunk);
          client.resume();
        });
      }
    });
    upstream.on('data', chunk => {
      if (budget < 0) heldReplies.push(() => client.write(chunk));
      else if (!muted) client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    muted = false;
  };
  return {
    port: address.port,
    get closed() {
      return closed;
    },
    cut(halfway) {
      if (!halfway) return cut();
      muted = true;
      setTimeout(cut, 15);
    },
    mute() {
      muted = true;
    },
    freezeAfter(bytes) {
      budget = bytes;
    },
    thaw() {
      budget = Number.POSITIVE_INFINITY;
      for (const release of heldReplies.splice(0)) release();
    },
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
