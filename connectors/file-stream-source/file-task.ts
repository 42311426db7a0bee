import { setTimeout as pause, setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Log, SourceBatch, SourceRecord, SourceTask, SourceTaskContext } from '../../src/api/index.ts';
import type { FileAccess } from '../../src/config/worker-config/file-access.ts';
import { MillraceError } from '../../src/errors.ts';
import type { FileSourceConfig } from './config.ts';
import { fileIdentity, findRenamed, findSuccessor, InputFile } from './input-file.ts';
import { LineBuffer } from './line-buffer.ts';
import { offsetOf, partitionOf, readOffset } from './offsets.ts';
import { recordsOf } from './records.ts';

/** Intervals between polls at the end of the file: the first, and the longest after doubling. */
const MIN_POLL_MS = 25;
const MAX_POLL_MS = 1000;

/**
 * Follows one file: reads lines as it grows, reads it from the start after it is truncated, and, when another file takes
 * its name, reads the old one to its end and then the new one from its start.
 */
export class FileTask implements SourceTask<FileSourceConfig> {
  readonly #files: FileAccess;
  readonly #closing = new AbortController();
  #context: SourceTaskContext | undefined;
  #signal = this.#closing.signal;
  #path = '';
  /** Current path of the open file, which may have been renamed. */
  #openPath = '';
  #topic = '';
  #batchSize = 1;
  #file: InputFile | null = null;
  #lines = new LineBuffer(0);
  /** Byte position at which reading started, and the number of lines since. */
  #start = 0;
  #linesRead = 0;
  /** The last batch, and the number of lines before it since `#start`. */
  #last: { readonly records: readonly SourceRecord[]; readonly before: number } = { records: [], before: 0 };
  /** True when a file with content has taken the name, so that the open one is complete. */
  #replaced = false;
  /** True after the first file has been opened, to which the stored position belongs. */
  #hasOpened = false;
  #missing = false;
  #idle = false;
  #wait = MIN_POLL_MS;

  constructor(files: FileAccess) {
    this.#files = files;
  }

  async open(config: FileSourceConfig, context: SourceTaskContext): Promise<void> {
    this.#context = context;
    this.#signal = AbortSignal.any([context.signal, this.#closing.signal]);
    this.#path = config.file ?? '';
    this.#topic = config.topic;
    this.#batchSize = Math.max(1, config['batch.size']);
    await this.#resume();
  }

  async read(): Promise<SourceBatch | null> {
    // Reading available lines does not wait for I/O and would block other tasks.
    if (!this.#idle) await yieldToEventLoop();
    else {
      await pause(this.#wait, undefined, { signal: this.#signal }).catch(() => undefined);
      this.#wait = Math.min(MAX_POLL_MS, this.#wait * 2);
    }
    while (!this.#signal.aborted) {
      const batch = this.#takeBatch();
      this.#idle = batch === null && !(await this.#advance());
      if (batch !== null) this.#wait = MIN_POLL_MS;
      if (batch !== null || this.#idle) return batch;
    }
    return null;
  }

  /** Counts all earlier lines; called only for error messages. */
  async placeOf(record: SourceRecord): Promise<string | undefined> {
    const index = this.#last.records.indexOf(record);
    if (index < 0 || this.#file === null) return undefined;
    if (this.#start > 0) {
      this.#linesRead += await this.#file.linesBefore(this.#start);
      this.#last = { ...this.#last, before: this.#linesRead - this.#last.records.length };
      this.#start = 0;
    }
    return `line ${this.#last.before + index + 1} of ${this.#openPath}`;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  #takeBatch(): SourceBatch | null {
    const { maxBatchBytes, report } = this.#running;
    const from = this.#lines.position;
    const lines = this.#lines.take(this.#batchSize, maxBatchBytes);
    if (lines.length === 0) return null;
    const { position } = this.#lines;
    report({ position });
    const offset = offsetOf({ position, inode: this.#file?.inode ?? null });
    const records = recordsOf(this.#topic, lines);
    this.#last = { records, before: this.#linesRead };
    this.#linesRead += lines.length;
    return {
      records,
      positions: [{ partition: partitionOf(this.#path), offset }],
      bytes: position - from,
    };
  }

  /** Reads more bytes or changes to the next file; false when nothing has changed. */
  async #advance(): Promise<boolean> {
    if (this.#replaced) return this.#openSuccessor();
    const file = this.#file;
    if (file === null) return this.#hasOpened ? this.#open(this.#path, 0) : this.#resume();
    // Only one system call for an idle file, of which there may be hundreds.
    if (this.#idle && (await this.#unchanged(file))) return false;
    if (await this.#fill(file)) return true;
    const size = await file.size();
    if (size < this.#lines.nextPosition) {
      this.#log.warn(
        { file: this.#path, position: this.#lines.nextPosition, size },
        'file truncated; reading it from its start',
      );
      this.#readFrom(0);
      return size > 0;
    }
    const current = await fileIdentity(this.#path);
    // While the new file is empty, the writing program may still write to the old one.
    if (current === null || current.inode === file.inode || current.size === 0) return false;
    if (await this.#fill(file)) return true;
    this.#log.info(
      { file: this.#path, position: this.#lines.nextPosition },
      'file replaced by another; reading that one next',
    );
    this.#lines.finish();
    this.#replaced = true;
    return true;
  }

  async #unchanged({ inode }: InputFile): Promise<boolean> {
    const current = await fileIdentity(this.#path);
    return current?.inode === inode && current.size === this.#lines.nextPosition;
  }

  /** Closes a complete file and opens the next one. */
  async #openSuccessor(): Promise<boolean> {
    const old = this.#file;
    this.#file = null;
    this.#replaced = false;
    const next = old === null ? this.#path : await findSuccessor(this.#path, old);
    await old?.close();
    return this.#open(next, 0);
  }

  async #fill(file: InputFile): Promise<boolean> {
    const read = await file.read(this.#lines.freeSpace(), this.#lines.nextPosition);
    if (read > 0) this.#lines.commit(read);
    return read > 0;
  }

  /** Opens the file at the stored position; searches for one that has been renamed since. */
  async #resume(): Promise<boolean> {
    const stored = readOffset(this.#running.positions.get(partitionOf(this.#path)));
    if (stored === null) return this.#open(this.#path, 0);
    const { position, inode } = stored;
    const current = await fileIdentity(this.#path);
    if (inode === null || current?.inode === inode) return this.#open(this.#path, position);
    const old = await findRenamed(this.#path, inode, position);
    if (old !== null && (await this.#open(old, position))) return true;
    if (current !== null)
      this.#log.warn(
        { file: this.#path, position },
        'the file with the stored position no longer exists; its unread lines are lost. Reading the file that has its name now',
      );
    return this.#open(this.#path, 0);
  }

  async #open(path: string, position: number): Promise<boolean> {
    const file = await InputFile.open(this.#files, path);
    if (file === null) {
      if (!this.#missing) this.#log.warn({ file: path }, 'file does not exist; waiting for it');
      this.#missing = true;
      return false;
    }
    this.#missing = false;
    this.#hasOpened = true;
    this.#file = file;
    this.#openPath = path;
    this.#readFrom(position);
    return true;
  }

  #readFrom(position: number): void {
    this.#lines = new LineBuffer(position);
    this.#start = position;
    this.#linesRead = 0;
  }

  get #running(): SourceTaskContext {
    if (this.#context === undefined) throw new MillraceError('INTERNAL', 'The source was read before it was opened.');
    return this.#context;
  }

  get #log(): Log {
    return this.#running.log;
  }
}
