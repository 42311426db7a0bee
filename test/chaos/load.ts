import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { TestDatabase } from '../support/database.ts';

/**
 * Creates two tables: `orders`, whose rows are inserted, updated and deleted, and `events`, an append-only log with one
 * row per change of an order. An event must reach the target exactly once, by snapshot or stream; an order must end in
 * its source state.
 */
const schema = `
create table orders (
  id bigint primary key, version int not null, status text not null, amount numeric(12,2) not null,
  note text, changed_at timestamptz not null default clock_timestamp());
create table events (id bigint primary key, order_id bigint not null, kind text not null);
create sequence event_ids;

create procedure change_orders(first bigint, transactions int, share int, shares int) language plpgsql as $$
declare
  target bigint;
begin
  for txn in first .. first + transactions - 1 loop
    for i in 0 .. 9 loop
      if i < 5 then
        target := 10000000 + (txn * 10 + i) * shares + share;
        insert into orders(id, version, status, amount, note)
          values (target, 0, 'new', txn % 1000 + i * 0.25, 'order ' || target || repeat(' and more', i));
        insert into events values (nextval('event_ids'), target, 'insert');
      elsif i < 8 then
        -- Only this share's orders: writers never wait for each other.
        target := 1 + ((txn::bigint * 7919 + i * 16661) % (10000)) * shares + share;
        update orders set version = version + 1, status = 'changed', amount = amount + 0.01, changed_at = clock_timestamp()
          where id = target;
        if found then insert into events values (nextval('event_ids'), target, 'update'); end if;
      else
        target := 10000000 + ((txn - 3) * 10 + i - 8) * shares + share;
        delete from orders where id = target;
        if found then insert into events values (nextval('event_ids'), target, 'delete'); end if;
      end if;
    end loop;
    commit;
  end loop;
end $$;
`;

export async function createLoad(database: TestDatabase, rows: number): Promise<void> {
  await database.query(schema);
  await database.query(
    `insert into orders(id, version, status, amount, note)
       select i, 0, 'new', i % 1000, 'order ' || i from generate_series(1, ${rows}) i`,
  );
  await database.query(
    `insert into events select nextval('event_ids'), i, 'insert' from generate_series(1, ${rows}) i`,
  );
}

/** Transactions on orders per transaction on the typed table, whose rows are a hundred times as large. */
const TYPED_SHARE = 50;

/**
 * Runs `transactions` transactions of ten order changes each on two connections, and some on the typed table on a
 * third. Continues after a server outage.
 */
export async function runLoad(
  database: TestDatabase,
  first: number,
  transactions: number,
  signal?: AbortSignal,
): Promise<void> {
  const shares = 2;
  // Keys above those of the initial rows.
  const typed = `call change_typed(${first + 1000}, ${Math.ceil(transactions / TYPED_SHARE)})`;
  await Promise.all([
    retried(database.url, typed, signal),
    ...Array.from({ length: shares }, async (_, share) => {
      const step = 50;
      for (let done = 0; done < transactions / shares; done += step) {
        await retried(database.url, `call change_orders(${first + done}, ${step}, ${share}, ${shares})`, signal);
      }
    }),
  ]);
}

/** A load that runs until it is stopped. */
export interface SteadyLoad extends Disposable {
  /** Rejects with the error that ended the load; never resolves. */
  readonly failure: Promise<never>;
  /** Resolves after the last transaction; rejects with the error that ended the load. */
  stop(): Promise<void>;
}

/** Runs the load in rounds of this many transactions. Disposing does not wait for a lost server. */
export function keepLoading(database: TestDatabase, transactions: number, pauseMs: number): SteadyLoad {
  const aborted = new AbortController();
  let loading = true;
  const done = (async () => {
    for (let first = 1; loading; first += transactions) {
      await runLoad(database, first, transactions, aborted.signal);
      await delay(pauseMs);
    }
  })();
  const failure = new Promise<never>((_, reject) => done.catch(reject));
  // The error is rethrown by `stop` also.
  failure.catch(() => undefined);
  return {
    failure,
    stop() {
      loading = false;
      return done;
    },
    [Symbol.dispose]() {
      loading = false;
      aborted.abort();
    },
  };
}

/** Maximum outage of a server, milliseconds. */
const PATIENCE_MS = 600_000;

/**
 * A call that a restart interrupts may have committed some transactions. Their rows exist already, so the rest of the
 * call is skipped: the load is a stream of random changes, not a fixed set.
 */
async function retried(url: string, sql: string, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      if (attempt === 0) await client.query(sql);
      return;
    } catch (error) {
      if (!isServerLost(error) || signal?.aborted || performance.now() > deadline) throw error;
      await delay(100);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/**
 * True if the server is down, starting or out of space: by SQLSTATE, or for any error that is not an answer of the
 * server.
 */
export const isServerLost = (error: unknown): boolean =>
  !(error instanceof pg.DatabaseError) || /^(08|53|57P0|58030)/.test(error.code ?? '');
