import { isDeepStrictEqual } from 'node:util';
import { LogicalReplicationService, type Pgoutput, PgoutputPlugin } from 'pg-logical-replication';
import { type Lsn, parseLsn } from '../../../../connectors/postgresql/position/lsn.ts';
import type { TestDatabase } from '../../../support/database.ts';
import { eventually } from '../../../support/eventually.ts';
import { LAST_MESSAGE } from './workload.ts';

/** Values by column; undefined: unchanged, and not sent. */
export type Row = Readonly<Record<string, unknown>>;

/** A record's contents; `parsers` make the library's values of PostgreSQL's texts. */
export interface Change {
  readonly op: string;
  /** Schema and name of a table, or the prefix of a message. */
  readonly subject: readonly string[];
  readonly before: Row | null;
  readonly after: Row | null;
  readonly content: string | null;
  readonly position: Lsn;
  readonly xid: number | null;
  /** Microseconds since 1970, of the commit. */
  readonly micros: number | null;
  readonly origin: string | null;
  readonly originPosition: Lsn | null;
}

export type Parsers = ReadonlyMap<string, (text: string) => unknown>;

export interface ExpectedChange {
  readonly change: Change;
  readonly parsers: Parsers;
}

interface Received {
  readonly lsn: Lsn;
  readonly message: Pgoutput.Message;
}

/** Formats of Millrace's sessions, in place of the server's. */
const TEXT_FORMATS =
  '-c datestyle=ISO -c intervalstyle=iso_8601 -c timezone=UTC -c bytea_output=hex -c extra_float_digits=1 -c lc_monetary=C';

/** Reads a slot up to LAST_MESSAGE. */
export async function readWithLibrary(db: TestDatabase, slot: string): Promise<Received[]> {
  const received: Received[] = [];
  const service = new LogicalReplicationService(
    { ...db.connection, options: TEXT_FORMATS },
    { acknowledge: { auto: false, timeoutSeconds: 0 } },
  );
  let failure: unknown;
  service.on('data', (lsn, message) => void received.push({ lsn: parseLsn(lsn), message: withOwnBytes(message) }));
  service.on('error', error => {
    failure = error;
  });
  const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: [db.name], messages: true });
  const ended = service.subscribe(plugin, slot);
  ended.catch(error => {
    failure = error;
  });
  await eventually('the library has read the last message', () => {
    if (failure !== undefined) throw failure;
    const last = received.at(-1)?.message;
    return last?.tag === 'message' && last.prefix === LAST_MESSAGE;
  });
  await service.destroy();
  return received;
}

/** The library hands out a part of a buffer that `pg` uses again. */
const withOwnBytes = (message: Pgoutput.Message): Pgoutput.Message =>
  message.tag === 'message' ? { ...message, content: Uint8Array.from(message.content) } : message;

/** The records that Millrace makes of these messages. */
export function expectedChanges(received: readonly Received[]): ExpectedChange[] {
  const changes: ExpectedChange[] = [];
  let transaction: Pick<Change, 'xid' | 'micros'> = { xid: null, micros: null };
  let origin: Pick<Change, 'origin' | 'originPosition'> = { origin: null, originPosition: null };
  for (const { lsn, message } of received) {
    const add = (op: string, subject: readonly string[], more: Partial<Change>, parsers: Parsers = new Map()): void => {
      const change = {
        op,
        subject,
        before: null,
        after: null,
        content: null,
        position: lsn,
        ...transaction,
        ...origin,
      };
      changes.push({ change: { ...change, ...more }, parsers });
    };
    const addRow = (op: string, { schema, name, columns }: Pgoutput.MessageRelation, rows: Partial<Change>): void =>
      add(op, [schema, name], rows, new Map(columns.map(column => [column.name, column.parser])));
    switch (message.tag) {
      case 'begin':
        transaction = { xid: message.xid, micros: Number(message.commitTime) };
        origin = { origin: null, originPosition: null };
        break;
      case 'origin':
        origin = { origin: message.originName, originPosition: parseLsn(message.originLsn ?? '0/0') };
        break;
      case 'insert':
        addRow('c', message.relation, { after: message.new });
        break;
      case 'update': {
        const { relation, key, old } = message;
        if (isKeyChange(message)) {
          addRow('d', relation, { before: key ?? old });
          addRow('c', relation, { after: withoutUnchanged(message.new) });
        } else addRow('u', relation, { before: old, after: message.new });
        break;
      }
      case 'delete':
        addRow('d', message.relation, { before: message.key ?? message.old });
        break;
      case 'truncate':
        for (const relation of message.relations) addRow('t', relation, {});
        break;
      case 'message': {
        const content = Buffer.from(message.content).toString('hex');
        const position = parseLsn(message.messageLsn ?? '0/0');
        const alone = { xid: null, micros: null, origin: null, originPosition: null };
        add('m', [message.prefix], { content, position, ...(message.transactional ? {} : alone) });
        break;
      }
      case 'commit':
      case 'relation':
      case 'type':
        break;
    }
  }
  return changes;
}

/** Under REPLICA IDENTITY FULL the server sends every old row, and marks all columns as its key. */
function isKeyChange({ key, old, new: row }: Pgoutput.MessageUpdate): boolean {
  if (key !== null) return true;
  return old !== null && !isDeepStrictEqual(old[PRIMARY_KEY], row[PRIMARY_KEY]);
}
export const PRIMARY_KEY = 'the id';

/** Millrace reads values that a new key needs from the table. */
const withoutUnchanged = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
