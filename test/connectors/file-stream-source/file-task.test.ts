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

/** Resolves when a new file gets a later creation time than this one; clocks of file systems are coarse. */
async function laterThan(older: string): Promise<void> {
  const { birthtimeNs } = await stat(older, { bigint: true });
  const probe = join(folder, 'probe');
  await eventually('the clock of the file system has advanced', async () => {
    await rm(probe, { force: true });
    await writeFile(probe, '');
    return (await stat(probe, { bigint: true })).birthtimeNs > birthtimeNs;
  });
}

describe('a file', () => {
  test('becomes the records of Kafka Connect, at most batch.size in a batch', async () => {
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

  test('may be missing at first, and is followed as it grows; an incomplete line waits for its end', async () => {
    await source.open();
    expect(await source.read()).toBeNull();
    await writeFile(file, 'one\ntw');
    expect(await source.readUntil(1)).toEqual(['one']);
    expect(await source.read()).toBeNull();
    await appendFile(file, 'o\nthree\r');
    expect(await source.readUntil(2)).toEqual(['one', 'two']);
    await appendFile(file, '\n\nfour\r\n');
    expect(await source.readUntil(5)).toEqual(['one', 'two', 'three', '', 'four']);
  });

  test('may be in a folder that does not exist yet', async () => {
    source = new TestSource({ file: join(folder, 'later', 'input.txt') });
    await source.open();
    expect(await source.read()).toBeNull();
    await mkdir(join(folder, 'later'));
    await writeFile(join(folder, 'later', 'input.txt'), 'here\n');
    expect(await source.readUntil(1)).toEqual(['here']);
  });

  test('that is truncated is read from its start', async () => {
    await writeFile(file, text(numbered(0, 10)));
    await source.open();
    await source.readUntil(10);
    await truncate(file);
    expect(await source.read()).toBeNull();
    await appendFile(file, 'new\n');
    expect((await source.readUntil(11)).at(-1)).toBe('new');
    await source.close();
    await writeFile(file, 'x\n');
    await source.open();
    expect((await source.readUntil(12)).at(-1)).toBe('x');
  });

  test('that is rotated is read to its end first, including later lines and its incomplete last line', async () => {
    await writeFile(file, text(numbered(0, 3)));
    await source.open();
    await source.readUntil(3);
    await rename(file, `${file}.1`);
    await writeFile(file, '');
    await appendFile(`${file}.1`, 'late\n');
    expect((await source.readUntil(4)).at(-1)).toBe('late');
    await appendFile(`${file}.1`, 'half');
    await writeFile(file, text(numbered(0, 3)), { flag: 'a' });
    expect((await source.readUntil(8)).slice(4)).toEqual(['half', ...numbered(0, 3)]);
    await appendFile(file, 'more\n');
    expect((await source.readUntil(9)).at(-1)).toBe('more');
  });

  test('that is rotated while no task runs is found by its inode', async () => {
    await writeFile(file, text(numbered(0, 3)));
    await source.open();
    await source.readUntil(3);
    await source.close();
    await appendFile(file, text(numbered(3, 5)));
    await rename(file, join(folder, 'input-20260102.txt'));
    await writeFile(file, text(numbered(5, 7)));
    await source.open();
    expect(await source.readUntil(7)).toEqual(numbered(0, 7));
  });

  test('that is rotated several times while no task runs is read file by file', async () => {
    await writeFile(file, text(numbered(0, 3)));
    await source.open();
    await source.readUntil(3);
    await source.close();
    await writeFile(`${file}.bak`, text(numbered(0, 3)));
    for (let i = 1; i <= 3; i++) {
      await appendFile(file, text(numbered(3 * i, 3 * i + 2)));
      // Rotates like logrotate: .1 is the last file, .2 the one before.
      for (let old = i - 1; old > 0; old--) await rename(`${file}.${old}`, `${file}.${old + 1}`);
      await rename(file, `${file}.1`);
      await laterThan(`${file}.1`);
      await writeFile(file, text(numbered(3 * i + 2, 3 * i + 3)));
    }
    await source.open();
    expect(await source.readUntil(12)).toEqual(numbered(0, 12));
    expect(await source.read()).toBeNull();
  });

  test('that is removed is replaced by the next file of its name', async () => {
    await writeFile(file, text(numbered(0, 3)));
    await source.open();
    await source.readUntil(3);
    await source.close();
    await writeFile(`${file}.new`, text(numbered(3, 5)));
    await rename(`${file}.new`, file);
    await source.open();
    expect(await source.readUntil(5)).toEqual(numbered(0, 5));
  });

  test('is read from an offset of Kafka Connect, even if the file appears later', async () => {
    source.offset = { position: 4 };
    await source.open();
    expect(await source.read()).toBeNull();
    await writeFile(file, 'one\ntwo\n');
    expect(await source.readUntil(1)).toEqual(['two']);
  });

  test('that is a folder fails with SOURCE_SETUP', async () => {
    source = new TestSource({ file: folder });
    await expect(source.open()).rejects.toMatchObject({
      code: 'SOURCE_SETUP',
      message: expect.stringContaining(folder),
    });
  });

  test('of 50,000 lines is read exactly once and in order by tasks that end at any point', async () => {
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
    let writtenBytes = 0;
    let rotations = 0;
    await source.open();
    while (source.lines.length < lines.length) {
      const end = Math.min(whole.length, writtenBytes + random(120_000));
      await appendFile(file, whole.subarray(writtenBytes, end));
      // Rotates at the end of a line: a line never continues in another file.
      if (rotations < 5 && whole[end - 1] === 10 && end < whole.length) {
        await rename(file, `${file}.${++rotations}`);
        await writeFile(file, whole.subarray(end, end + 1));
        writtenBytes = end + 1;
      } else writtenBytes = end;
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
    expect(rotations).toBeGreaterThan(0);
    expect(source.lines).toEqual(lines);
  });
});
