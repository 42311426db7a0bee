import type { Log, SourceRecord } from '../../api/index.ts';
import { messageOf } from '../../errors.ts';
import { heartbeatRecord } from './heartbeat-record.ts';

export interface HeartbeatSettings {
  /** `heartbeat.interval.ms`; 0: no heartbeats. */
  readonly intervalMs: number;
  readonly topic: string;
  /** topic.prefix */
  readonly server: string;
  readonly log: Log;
  /** Runs the action at the source, which moves the log of a quiet database on. */
  act(): Promise<void>;
  /** Ends a pending read, so that the record is returned. */
  wake(): void;
}

/** A record and an action at the source every `heartbeat.interval.ms`. */
export class Heartbeats {
  readonly #settings: HeartbeatSettings;
  readonly #timer: NodeJS.Timeout | undefined;
  #isDue = false;
  #isActing = false;

  constructor(settings: HeartbeatSettings) {
    this.#settings = settings;
    if (settings.intervalMs > 0)
      this.#timer = setInterval(() => {
        this.#isDue = true;
        void this.#act();
        settings.wake();
      }, settings.intervalMs);
  }

  /** The record that is due, if any. */
  take(): readonly SourceRecord[] {
    if (!this.#isDue) return NONE;
    this.#isDue = false;
    return [heartbeatRecord(this.#settings.topic, this.#settings.server)];
  }

  /** A failure is logged only: reading the stream detects a lost server. */
  async #act(): Promise<void> {
    if (this.#isActing) return;
    this.#isActing = true;
    try {
      await this.#settings.act();
    } catch (error) {
      this.#settings.log.warn({ reason: messageOf(error) }, 'the statement of the heartbeat has failed');
    } finally {
      this.#isActing = false;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

const NONE: readonly SourceRecord[] = [];
