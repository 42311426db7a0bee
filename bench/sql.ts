/**
 * The table that every workload is about, and the generator of changes to it.
 *
 * `fill_orders(n)` creates it with n rows. `change_orders(n)` runs n transactions of 100 row changes each: 60 inserts,
 * 30 updates, 10 deletes. A call continues after the previous one (`progress`), so that a delete always finds its row;
 * after `mostTransactions` the rows to delete come to an end.
 */
export const schemaSql = `
create table if not exists orders (
  id bigint primary key,
  customer_id int not null,
  status text not null,
  amount numeric(12,2) not null,
  note text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create table if not exists progress (transactions bigint not null);

create or replace procedure fill_orders(n bigint) language plpgsql as $$
begin
  truncate orders, progress;
  insert into progress values (0);
  insert into orders
    select i,
           i % 50000,
           (array['new', 'paid', 'shipped', 'done'])[1 + i % 4],
           (i * 37 % 1000000) / 100.0,
           'note ' || i || ' ' || repeat('x', 90),
           timestamptz '2026-01-01 00:00:00Z' + i * interval '1 second',
           timestamptz '2026-01-01 00:00:00Z' + i * interval '1 second'
    from generate_series(1, n) i;
end $$;

create or replace procedure change_orders(n int) language plpgsql as $$
declare
  first bigint;
  k bigint;
begin
  select transactions into first from progress;
  for k in first .. first + n - 1 loop
    insert into orders
      select 10000000 + k * 60 + j, j, 'new', j + 0.5, 'change ' || k || ' ' || repeat('y', 90),
             clock_timestamp(), clock_timestamp()
      from generate_series(0, 59) j;
    update orders
      set status = 'paid', amount = amount + 1, updated_at = clock_timestamp()
      where id in (select 500001 + (k * 7919 + j * 16661) % 500000 from generate_series(0, 29) j);
    delete from orders where id between k * 10 + 1 and k * 10 + 10;
    update progress set transactions = k + 1;
    commit;
  end loop;
end $$;
`;

export const tableRows = 1_000_000;
export const mostTransactions = 40_000;

/** Changes of each kind among the 100 changes of a generated transaction. */
export const changesOf = { insert: 60, update: 30, delete: 10, all: 100 } as const;

/** Rows that are inserted one at a time have larger ids. */
export const pacedIds = 1_000_000_000;
export const insertPaced = `
insert into orders (id, customer_id, status, amount, note, created_at, updated_at)
values ($1, $2, 'new', 12.34, $3, current_timestamp, current_timestamp)`;

/** An empty destination table. */
export const emptyCopy = `
drop table if exists orders_copy;
create table orders_copy (like orders including all);`;

export const fullCopy = `${emptyCopy}
insert into orders_copy select * from orders;
analyze orders_copy;`;

/** Number of rows of each table that are missing or different in the other. */
export const differences = `
select (select count(*) from (select * from orders except select * from orders_copy) a)::int missing,
       (select count(*) from (select * from orders_copy except select * from orders) b)::int surplus`;

/**
 * Number of rows and the sum of their hashes, in numbers that a double holds exactly: the text of a row is what
 * `rowText` makes of a record, its hash the first 32 bits of the MD5.
 */
export function checksumOf(table: string, condition = 'true'): string {
  const utc = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  const text = `concat_ws('|', id, customer_id, status, amount, note, ${utc('created_at')}, ${utc('updated_at')})`;
  return `select count(*)::int rows, coalesce(sum(('x' || substr(md5(${text}), 1, 8))::bit(32)::bigint), 0)::float8 sum
    from ${table} where ${condition}`;
}
