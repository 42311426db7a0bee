import type { Log, SourceRecord } from '../../src/api/index.ts';
import { messageOf } from '../../src/errors.ts';
import type { PostgresConfig } from './config.ts';
import { HEARTBEAT_MESSAGE, heartbeatRecord } from './heartbeat.ts';
import type { Sql } from './sql.ts';

/** Beats every `heartbeat.interval.ms`: a record, and a statement that moves the log of a quiet database on. */
export class Heartbeats {
  readonly #config: PostgresConfig;
  readonly #sql: Sql;
  readonly #topic: string;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #statement: string;
  #due = false;
  #beating = false;

  /** wake: ends a pending read, so that the record is handed out. */
  constructor(config: PostgresConfig, sql: Sql, topic: string, log: Log, wake: () => void) {
    this.#config = config;
    this.#sql = sql;
    this.#topic = topic;
    this.#log = log;
    const message = `SELECT pg_logical_emit_message(false, '${HEARTBEAT_MESSAGE}', ''::text)`;
    this.#statement = config['heartbeat.action.query'] ?? message;
    const interval = config['heartbeat.interval.ms'];
    if (interval > 0)
      this.#timer = setInterval(() => {
        this.#due = true;
        void this.#act();
        wake();
      }, interval);
  }

  /** The record that is due, if one is. */
  take(): readonly SourceRecord[] {
    if (!this.#due) return NONE;
    this.#due = false;
    return [heartbeatRecord(this.#topic, this.#config['topic.prefix'])];
  }

  /** A failure is no reason to stop: the stream itself finds out whether the server is there. */
  async #act(): Promise<void> {
    if (this.#beating) return;
    this.#beating = true;
    try {
      await this.#sql.query('beating the heart', this.#statement);
    } catch (error) {
      this.#log.warn({ reason: messageOf(error) }, 'the statement of the heartbeat has failed');
    } finally {
      this.#beating = false;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

const NONE: readonly SourceRecord[] = [];
