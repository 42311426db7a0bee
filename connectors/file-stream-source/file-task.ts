import { setImmediate as breath, setTimeout as pause } from 'node:timers/promises';
import type { Log, SourceBatch, SourceRecord, SourceTask, SourceTaskContext } from '../../src/api/index.ts';
import type { FileAccess } from '../../src/config/worker-config/file-access.ts';
import { MillraceError } from '../../src/errors.ts';
import type { FileSourceConfig } from './config.ts';
import { InputFile, named, renamed, successor } from './input-file.ts';
import { LineBuffer } from './line-buffer.ts';
import { offsetOf, partitionOf, readOffset } from './offsets.ts';
import { recordsOf } from './records.ts';

/** How soon a file that is at its end is looked at again: at first, and at last, doubling. Milliseconds. */
const SOON = 25;
const LATE = 1000;

/**
 * Follows one file: as it grows, when it is truncated (from its beginning again), and when another takes its name (the
 * old one to its end, then the other from its beginning).
 */
export class FileTask implements SourceTask<FileSourceConfig> {
  readonly #files: FileAccess;
  readonly #closing = new AbortController();
  #context: SourceTaskContext | undefined;
  #signal = this.#closing.signal;
  #path = '';
  /** Of the open file: another one where that was renamed. */
  #openPath = '';
  #topic = '';
  #batchSize = 1;
  #file: InputFile | null = null;
  #lines = new LineBuffer(0);
  /** Where in the file reading began, and lines taken since. */
  #start = 0;
  #taken = 0;
  /** The last batch, and the number of lines before it since `#start`. */
  #last: { readonly records: readonly SourceRecord[]; readonly before: number } = { records: [], before: 0 };
  /** Another file has the name now, and has been written to: this one is complete. */
  #replaced = false;
  /** Whether a file has been opened yet: the stored position is that of the first one. */
  #begun = false;
  #missing = false;
  #idle = false;
  #wait = SOON;

  constructor(files: FileAccess) {
    this.#files = files;
  }

  async open(config: FileSourceConfig, context: SourceTaskContext): Promise<void> {
    this.#context = context;
    this.#signal = AbortSignal.any([context.signal, this.#closing.signal]);
    this.#path = config.file ?? '';
    this.#topic = config.topic;
    this.#batchSize = Math.max(1, config['batch.size']);
    await this.#begin();
  }

  async read(): Promise<SourceBatch | null> {
    // Lines that are there already must not keep others from their turn.
    if (!this.#idle) await breath();
    else {
      await pause(this.#wait, undefined, { signal: this.#signal }).catch(() => undefined);
      this.#wait = Math.min(LATE, this.#wait * 2);
    }
    while (!this.#signal.aborted) {
      const batch = this.#cut();
      this.#idle = batch === null && !(await this.#advance());
      if (batch !== null) this.#wait = SOON;
      if (batch !== null || this.#idle) return batch;
    }
    return null;
  }

  acknowledge(): void {}

  /** Counts the lines before: for messages alone. */
  async placeOf(record: SourceRecord): Promise<string | undefined> {
    const index = this.#last.records.indexOf(record);
    if (index < 0 || this.#file === null) return undefined;
    if (this.#start > 0) {
      this.#taken += await this.#file.linesBefore(this.#start);
      this.#last = { ...this.#last, before: this.#taken - this.#last.records.length };
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

  #cut(): SourceBatch | null {
    const { maxBatchBytes, report } = this.#running;
    const from = this.#lines.position;
    const lines = this.#lines.take(this.#batchSize, maxBatchBytes);
    if (lines.length === 0) return null;
    const { position } = this.#lines;
    report({ position });
    const offset = offsetOf({ position, inode: this.#file?.inode ?? null });
    const records = recordsOf(this.#topic, lines);
    this.#last = { records, before: this.#taken };
    this.#taken += lines.length;
    return {
      records,
      positions: [{ partition: partitionOf(this.#path), offset }],
      bytes: position - from,
    };
  }

  /** Whether there is more to look at now. */
  async #advance(): Promise<boolean> {
    if (this.#replaced) return this.#goOn();
    const file = this.#file;
    if (file === null) return this.#begun ? this.#open(this.#path, 0) : this.#begin();
    // One question where nothing happens: there may be hundreds of such files.
    if (this.#idle && (await this.#unchanged(file))) return false;
    if (await this.#fill(file)) return true;
    const size = await file.size();
    if (size < this.#lines.wanted) {
      this.#log.warn(
        { file: this.#path, position: this.#lines.wanted, size },
        'file truncated; reading it from its start',
      );
      this.#readFrom(0);
      return size > 0;
    }
    const now = await named(this.#path);
    // As long as the other is empty, whoever writes may still be writing to this one.
    if (now === null || now.inode === file.inode || now.size === 0) return false;
    if (await this.#fill(file)) return true;
    this.#log.info(
      { file: this.#path, position: this.#lines.wanted },
      'file replaced by another; going on with that one',
    );
    this.#lines.finish();
    this.#replaced = true;
    return true;
  }

  async #unchanged({ inode }: InputFile): Promise<boolean> {
    const now = await named(this.#path);
    return now?.inode === inode && now.size === this.#lines.wanted;
  }

  /** From a file that is complete to the one after it. */
  async #goOn(): Promise<boolean> {
    const old = this.#file;
    this.#file = null;
    this.#replaced = false;
    const next = old === null ? this.#path : await successor(this.#path, old);
    await old?.close();
    return this.#open(next, 0);
  }

  async #fill(file: InputFile): Promise<boolean> {
    const read = await file.read(this.#lines.room(), this.#lines.wanted);
    if (read > 0) this.#lines.filled(read);
    return read > 0;
  }

  /** Where the stored offset says; a file that has been renamed meanwhile is looked for. */
  async #begin(): Promise<boolean> {
    const stored = readOffset(this.#running.positions.get(partitionOf(this.#path)));
    if (stored === null) return this.#open(this.#path, 0);
    const { position, inode } = stored;
    const now = await named(this.#path);
    if (inode === null || now?.inode === inode) return this.#open(this.#path, position);
    const old = await renamed(this.#path, inode, position);
    if (old !== null && (await this.#open(old, position))) return true;
    if (now !== null)
      this.#log.warn(
        { file: this.#path, position },
        'the file that was read is gone; lines that it had got since are lost. Reading the one that has its name now',
      );
    return this.#open(this.#path, 0);
  }

  async #open(path: string, position: number): Promise<boolean> {
    const file = await InputFile.open(this.#files, path);
    if (file === null) {
      if (!this.#missing) this.#log.warn({ file: path }, 'there is no such file yet; waiting for it');
      this.#missing = true;
      return false;
    }
    this.#missing = false;
    this.#begun = true;
    this.#file = file;
    this.#openPath = path;
    this.#readFrom(position);
    return true;
  }

  #readFrom(position: number): void {
    this.#lines = new LineBuffer(position);
    this.#start = position;
    this.#taken = 0;
  }

  get #running(): SourceTaskContext {
    if (this.#context === undefined) throw new MillraceError('INTERNAL', 'The source was read before it was opened.');
    return this.#context;
  }

  get #log(): Log {
    return this.#running.log;
  }
}
