import { appendFile, mkdir, mkdtemp, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { TestSource } from './source.ts';

let folder: string;
let file: string;
let source: TestSource;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-file-source-'));
  file = join(folder, 'input.txt');
  source = new TestSource({ file });
});
afterEach(async () => {
  await source.close();
  await rm(folder, { recursive: true, force: true });
});

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i} of the file`);
const text = (lines: readonly string[]): string => lines.map(line => `${line}\n`).join('');

/** Resolves when a file that is made now counts as younger than this one: file systems have slow clocks. */
async function laterThan(older: string): Promise<void> {
  const { birthtimeNs } = await stat(older, { bigint: true });
  const probe = join(folder, 'probe');
  await eventually('the clock of the file system has moved', async () => {
    await rm(probe, { force: true });
    await writeFile(probe, '');
    return (await stat(probe, { bigint: true })).birthtimeNs > birthtimeNs;
  });
}

describe('a file', () => {
  test('becomes records as Kafka Connect makes them, batch.size at once at the most', async () => {
    source = new TestSource({ file, 'batch.size': '3' });
    await writeFile(file, text(numbered(0, 5)));
    await source.open();
    const batches = [];
    while (batches.length < 2) {
      const batch = await source.read();
      if (batch !== null) batches.push(batch);
    }
    expect(batches.map(({ records }) => records.length)).toEqual([3, 2]);
    expect(batches[0]?.records[0]).toEqual({
      topic: 'lines',
      partition: null,
      keySchema: null,
      key: null,
      valueSchema: { type: 'string', optional: false },
      value: 'line 0 of the file',
      timestamp: expect.any(Number),
      headers: [],
    });
    const { ino } = await stat(file);
    expect(batches.flatMap(({ positions }) => positions)).toEqual([
      { partition: { filename: file }, offset: { position: 57, inode: String(ino) } },
      { partition: { filename: file }, offset: { position: 95, inode: String(ino) } },
    ]);
  });

  test('is waited for while it is missing, and followed as it grows; half a line waits for its end', async () => {
    await source.open();
    expect(await source.read()).toBeNull();
    await writeFile(file, 'one\ntw');
    expect(await source.until(1)).toEqual(['one']);
    expect(await source.read()).toBeNull();
    await appendFile(file, 'o\nthree\r');
    expect(await source.until(2)).toEqual(['one', 'two']);
    await appendFile(file, '\n\nfour\r\n');
    expect(await source.until(5)).toEqual(['one', 'two', 'three', '', 'four']);
  });

  test('that is missing in a folder that is missing is waited for, too', async () => {
    source = new TestSource({ file: join(folder, 'later', 'input.txt') });
    await source.open();
    expect(await source.read()).toBeNull();
    await mkdir(join(folder, 'later'));
    await writeFile(join(folder, 'later', 'input.txt'), 'here\n');
    expect(await source.until(1)).toEqual(['here']);
  });

  test('that is truncated is read from its start', async () => {
    await writeFile(file, text(numbered(0, 10)));
    await source.open();
    await source.until(10);
    await truncate(file);
    expect(await source.read()).toBeNull();
    await appendFile(file, 'new\n');
    expect((await source.until(11)).at(-1)).toBe('new');
    await source.close();
    await writeFile(file, 'x\n');
    await source.open();
    expect((await source.until(12)).at(-1)).toBe('x');
  });

  test('that is rotated is read to its end first, what its writer still adds and its last half line included', async () => {
    await writeFile(file, text(numbered(0, 3)));
    await source.open();
    await source.until(3);
    await rename(file, `${file}.1`);
    await writeFile(file, '');
    await appendFile(`${file}.1`, 'late\n');
    expect((await source.until(4)).at(-1)).toBe('late');
    await appendFile(`${file}.1`, 'half');
    await writeFile(file, text(numbered(0, 3)), { flag: 'a' });
    expect((await source.until(8)).slice(4)).toEqual(['half', ...numbered(0, 3)]);
    await appendFile(file, 'more\n');
    expect((await source.until(9)).at(-1)).toBe('more');
  });

  test('that is rotated while nobody reads is found by its inode', async () => {
    await writeFile(file, text(numbered(0, 3)));
    await source.open();
    await source.until(3);
    await source.close();
    await appendFile(file, text(numbered(3, 5)));
    await rename(file, join(folder, 'input-20260102.txt'));
    await writeFile(file, text(numbered(5, 7)));
    await source.open();
    expect(await source.until(7)).toEqual(numbered(0, 7));
  });

  test('that is rotated several times while nobody reads is read file after file', async () => {
    await writeFile(file, text(numbered(0, 3)));
    await source.open();
    await source.until(3);
    await source.close();
    await writeFile(`${file}.bak`, text(numbered(0, 3)));
    for (let i = 1; i <= 3; i++) {
      await appendFile(file, text(numbered(3 * i, 3 * i + 2)));
      // As logrotate does: .1 is the last one, .2 the one before.
      for (let old = i - 1; old > 0; old--) await rename(`${file}.${old}`, `${file}.${old + 1}`);
      await rename(file, `${file}.1`);
      await laterThan(`${file}.1`);
      await writeFile(file, text(numbered(3 * i + 2, 3 * i + 3)));
    }
    await source.open();
    expect(await source.until(12)).toEqual(numbered(0, 12));
    expect(await source.read()).toBeNull();
  });

  test('that is gone for good leaves its name to the next', async () => {
    await writeFile(file, text(numbered(0, 3)));
    await source.open();
    await source.until(3);
    await source.close();
    await writeFile(`${file}.new`, text(numbered(3, 5)));
    await rename(`${file}.new`, file);
    await source.open();
    expect(await source.until(5)).toEqual(numbered(0, 5));
  });

  test("is read on from an offset of Kafka Connect's, also when it comes back late", async () => {
    source.offset = { position: 4 };
    await source.open();
    expect(await source.read()).toBeNull();
    await writeFile(file, 'one\ntwo\n');
    expect(await source.until(1)).toEqual(['two']);
  });

  test('that cannot be read as one says why', async () => {
    source = new TestSource({ file: folder });
    await expect(source.open()).rejects.toMatchObject({
      code: 'SOURCE_SETUP',
      message: expect.stringContaining(folder),
    });
  });

  test('of 50,000 lines of all kinds, read by tasks that end anywhere, is there once and in order', async () => {
    let seed = 7;
    const random = (n: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >> 8) % n;
    };
    const ends = ['\n', '\r\n', '\n', '\r'];
    const words = ['', 'plain', 'é', 'ein Wort', '😀', 'x'.repeat(300)];
    const lines = Array.from({ length: 50_000 }, (_, i) => `${i} ${words[random(words.length)]}`);
    const whole = Buffer.from(
      lines
        .map(line => line + ends[random(ends.length)])
        .join('')
        .replace(/[\r\n]+$/, '\n'),
    );
    let written = 0;
    let rotated = 0;
    await source.open();
    while (source.lines.length < lines.length) {
      const until = Math.min(whole.length, written + random(120_000));
      await appendFile(file, whole.subarray(written, until));
      // A rotation where a line has just ended: between two files there is no line.
      if (rotated < 5 && whole[until - 1] === 10 && until < whole.length) {
        await rename(file, `${file}.${++rotated}`);
        await writeFile(file, whole.subarray(until, until + 1));
        written = until + 1;
      } else written = until;
      const reads = random(30);
      for (let i = 0; i < reads; i++) {
        const batch = await source.read();
        if (batch === null) break;
        if (random(4) > 0) source.commit(batch);
        else {
          await source.close();
          await source.open();
        }
      }
    }
    expect(rotated).toBeGreaterThan(0);
    expect(source.lines).toEqual(lines);
  });
});
