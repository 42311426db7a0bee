import { appendFile, mkdtemp, readdir, readFile, rename, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileStreamSink } from '../../../connectors/file-stream-sink/index.ts';
import { lockName, withLock } from '../../../connectors/file-stream-sink/lock.ts';
import { schemaOf, structOf, ValueStruct } from '../../../src/api/index.ts';
import { FencedError } from '../../../src/errors.ts';
import { silent } from '../../../src/observability/silent.ts';
import { anyFile } from '../../support/files.ts';
import { TestSink, writer } from './sink.ts';

const connector = fileStreamSink(anyFile);

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-file-sink-'));
  file = join(folder, 'output.txt');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const output = () => readFile(file, 'utf8');
const context = { log: silent, signal: new AbortController().signal };
const alter = (next: number | null, topic = 'lines') =>
  connector.alterOffsets?.({ file }, writer(), [{ topic, partition: 0, topicId: 'id', next }], context);

describe('the lines of the file', () => {
  test('are the values as Java formats them', async () => {
    await using sink = await TestSink.open(file);
    expect(await output()).toBe('');
    const schema = structOf({ id: schemaOf('int32'), name: schemaOf('string') });
    await sink.write(['plain', '', 'é😀', null, 1.5, true, { a: 1 }, new ValueStruct(schema, [7, 'x'])]);
    expect(await output()).toBe('plain\n\né😀\nnull\n1.5\ntrue\n{a=1}\nStruct{id=7,name=x}\n');
  });

  test('are appended to an existing file', async () => {
    await writeFile(file, 'before\n');
    await using sink = await TestSink.open(file);
    await sink.write(['after']);
    expect(await output()).toBe('before\nafter\n');
  });

  test('cannot be written to a missing folder: SINK_SETUP with the message of Kafka Connect', async () => {
    await expect(TestSink.open(join(folder, 'missing', 'output.txt'))).rejects.toMatchObject({
      code: 'SINK_SETUP',
      message: expect.stringMatching(/^Couldn't find or create file '.*output\.txt' for FileStreamSinkTask/),
    });
    await expect(TestSink.open(folder)).rejects.toMatchObject({ code: 'SINK_SETUP' });
    await expect(TestSink.open('/dev/null')).rejects.toMatchObject({ code: 'SINK_SETUP' });
  });
});

describe('the checkpoint', () => {
  test('is the position where the next task resumes', async () => {
    await using first = await TestSink.open(file);
    expect(first.positions).toEqual([]);
    await first.write(['a', 'b']);
    await using second = await TestSink.open(file);
    expect(second.positions).toMatchObject([{ topic: 'lines', partition: 0, next: 2 }]);
    await second.write(['c']);
    expect(await output()).toBe('a\nb\nc\n');
  });

  test('truncates the rest of an incomplete write, also of the first one', async () => {
    await (await TestSink.open(file)).close();
    await appendFile(file, 'torn');
    await using first = await TestSink.open(file);
    expect(await output()).toBe('');
    await first.write(['a']);
    await appendFile(file, 'b\nc');
    await using second = await TestSink.open(file);
    expect(await output()).toBe('a\n');
    await second.write(['b']);
    expect(await output()).toBe('a\nb\n');
  });

  test.each([1, 128, 238, 239, 240, 255])('is stored next to a file whose name has %i bytes', async length => {
    const long = join(folder, 'é'.repeat(length >> 1) + 'n'.repeat(length & 1));
    await using first = await TestSink.open(long);
    await first.write(['a']);
    await using second = await TestSink.open(long);
    expect(second.positions).toMatchObject([{ topic: 'lines', partition: 0, next: 1 }]);
  });

  test('ignores the temporary file of a crash', async () => {
    await using first = await TestSink.open(file);
    await first.write(['a']);
    const [checkpoint] = (await readdir(folder)).filter(name => name !== 'output.txt');
    expect(checkpoint).toBe('output.txt.millrace-offsets');
    await writeFile(`${file}.millrace-offsets.elsewhere.tmp`, '{"length":');
    await using second = await TestSink.open(file);
    expect(second.positions).toMatchObject([{ topic: 'lines', partition: 0, next: 1 }]);
  });

  test('is invalid: open fails with SINK_SETUP', async () => {
    await writeFile(`${file}.millrace-offsets`, 'hello');
    await expect(TestSink.open(file)).rejects.toMatchObject({ code: 'SINK_SETUP' });
  });

  test('fences a replaced task, and nothing of its batch is written', async () => {
    await using zombie = await TestSink.open(file);
    await zombie.write(['a']);
    await using successor = await TestSink.open(file);
    await successor.write(['b']);
    await expect(zombie.write(['b'])).rejects.toThrow(FencedError);
    await successor.write(['c']);
    expect(await output()).toBe('a\nb\nc\n');
  });

  test('fences the second of two tasks that both opened without a position', async () => {
    await using zombie = await TestSink.open(file);
    await using successor = await TestSink.open(file);
    await successor.write(['a']);
    await expect(zombie.write(['a'])).rejects.toThrow(FencedError);
    expect(await output()).toBe('a\n');
  });

  test('is shared by tasks and connectors that write to one file at the same time', async () => {
    const assigned = (partition: number) => ({ assigned: [{ topic: 'lines', partition }] });
    await using one = await TestSink.open(file, assigned(0));
    await using two = await TestSink.open(file, assigned(1));
    await using other = await TestSink.open(file, { connector: 'other', ...assigned(0) });
    const write = async (sink: TestSink, name: string, partition: number) => {
      for (let i = 0; i < 30; i++) await sink.write([`${name} ${2 * i}`, `${name} ${2 * i + 1}`], partition);
    };
    await Promise.all([write(one, 'one', 0), write(two, 'two', 1), write(other, 'other', 0)]);
    const lines = (await output()).trimEnd().split('\n');
    expect(lines).toHaveLength(180);
    for (const name of ['one', 'two', 'other'])
      expect(lines.filter(line => line.startsWith(`${name} `))).toEqual(
        Array.from({ length: 60 }, (_, i) => `${name} ${i}`),
      );
    await using again = await TestSink.open(file, assigned(1));
    expect(again.positions).toMatchObject([{ topic: 'lines', partition: 1, next: 60 }]);
  });

  test.runIf(process.platform === 'linux')('waits for the lock of another write', async () => {
    await using sink = await TestSink.open(file);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const locked = withLock(await lockName(file), file, () => released);
    let isWritten = false;
    const writing = sink.write(['a']).then(() => {
      isWritten = true;
    });
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(isWritten).toBe(false);
    expect(await output()).toBe('');
    release();
    await Promise.all([locked, writing]);
    expect(await output()).toBe('a\n');
  });
});

describe('a file that another program changes', () => {
  test('is created again after rotation or removal, and the positions continue', async () => {
    await using sink = await TestSink.open(file);
    await sink.write(['a']);
    await rename(file, `${file}.1`);
    await sink.write(['b']);
    await unlink(file);
    await sink.write(['c']);
    expect(await readFile(`${file}.1`, 'utf8')).toBe('a\n');
    expect(await output()).toBe('c\n');
    await using again = await TestSink.open(file);
    expect(again.positions).toMatchObject([{ topic: 'lines', partition: 0, next: 3 }]);
  });

  test('is truncated under its new name after rotation during an incomplete write', async () => {
    await using first = await TestSink.open(file);
    await first.write(['a']);
    await appendFile(file, 'b\nc');
    await rename(file, `${file}.1`);
    await writeFile(`${file}.2`, 'of another program');
    await using second = await TestSink.open(file);
    await second.write(['b', 'c']);
    expect(await readFile(`${file}.1`, 'utf8')).toBe('a\n');
    expect(await readFile(`${file}.2`, 'utf8')).toBe('of another program');
    expect(await output()).toBe('b\nc\n');
  });

  test('is appended to after it was truncated', async () => {
    await using sink = await TestSink.open(file);
    await sink.write(['a', 'b']);
    await truncate(file);
    await sink.write(['c']);
    expect(await output()).toBe('c\n');
  });
});

describe('alterOffsets', () => {
  test('replaces the checkpoint and does not change the file', async () => {
    await using first = await TestSink.open(file);
    await first.write(['a', 'b']);
    await first.close();
    await alter(1);
    await using second = await TestSink.open(file);
    expect(second.positions).toMatchObject([{ topic: 'lines', partition: 0, next: 1 }]);
    await second.write(['b']);
    expect(await output()).toBe('a\nb\nb\n');
    await second.close();
    await alter(null);
    await using third = await TestSink.open(file);
    expect(third.positions).toEqual([]);
  });

  test('stores positions before the file exists', async () => {
    await alter(null);
    expect(await readdir(folder)).toEqual([]);
    await alter(5);
    await using sink = await TestSink.open(file);
    expect(sink.positions).toMatchObject([{ topic: 'lines', partition: 0, next: 5 }]);
    await sink.write(['f']);
    expect(await output()).toBe('f\n');
  });

  test('rejects invalid positions', async () => {
    await expect(alter(-1)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(alter(1.5)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(
      connector.alterOffsets?.(
        { file: join(folder, 'missing', 'x') },
        writer(),
        [{ topic: 't', partition: 0, topicId: 'id', next: 1 }],
        context,
      ),
    ).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });
});
