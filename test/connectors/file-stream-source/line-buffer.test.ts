import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineBuffer } from '../../../connectors/file-stream-source/line-buffer.ts';

/** Returns the lines of the bytes in `pieces`, with the position after the last line. */
function readLines(pieces: readonly Buffer[], { max = 1000, final = false } = {}) {
  const buffer = new LineBuffer(0);
  const lines: string[] = [];
  const drain = () => {
    for (let more = buffer.take(max, 1 << 20); more.length > 0; more = buffer.take(max, 1 << 20)) lines.push(...more);
  };
  for (const piece of pieces) {
    for (let start = 0; start < piece.length; ) {
      const copied = piece.copy(buffer.freeSpace(), 0, start);
      buffer.commit(copied);
      start += copied;
      drain();
    }
    // Calls of a reader at the current end of a file.
    buffer.freeSpace();
    drain();
  }
  if (final) buffer.finish();
  drain();
  return { lines, position: buffer.position, nextPosition: buffer.nextPosition };
}

/** Reference implementation that reads byte by byte. */
function reference(bytes: Buffer, final: boolean) {
  const lines: string[] = [];
  let start = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte !== 10 && byte !== 13) continue;
    if (byte === 13 && i + 1 === bytes.length && !final) break;
    lines.push(bytes.subarray(start, i).toString());
    if (byte === 13 && bytes[i + 1] === 10) i++;
    start = i + 1;
  }
  if (final && start < bytes.length) {
    lines.push(bytes.subarray(start).toString());
    start = bytes.length;
  }
  return { lines, position: start };
}

describe('lines', () => {
  test.each([
    ['a\nb\n', ['a', 'b'], 4],
    ['a\r\nb\r\n', ['a', 'b'], 6],
    ['a\rb\rc', ['a', 'b'], 4],
    ['a\n\n\r\n\rb\n', ['a', '', '', '', 'b'], 8],
    ['a\nhalf', ['a'], 2],
    ['a\r', [], 0],
    ['é\nü€😀\r\n', ['é', 'ü€😀'], 14],
    ['', [], 0],
  ])('of %j are %j', (text, lines, position) => {
    expect(readLines([Buffer.from(text)])).toMatchObject({ lines, position });
  });

  test('a line end may be split between two pieces; a single \\r ends a line once another byte follows', () => {
    expect(readLines([Buffer.from('a\r'), Buffer.from('\nb\r'), Buffer.from('c')])).toMatchObject({
      lines: ['a', 'b'],
      position: 5,
    });
  });

  test('bytes that are not UTF-8 become U+FFFD, and positions still count bytes', () => {
    const bytes = Buffer.from([0x61, 0xff, 0x0a, 0xe2, 0x82, 0x0a, 0xc3, 0x28, 0x0a]);
    expect(readLines([bytes])).toMatchObject({ lines: ['a\ufffd', '\ufffd', '\ufffd('], position: 9 });
  });

  test('an incomplete line is a line after finish', () => {
    expect(readLines([Buffer.from('a\nrest')], { final: true })).toMatchObject({ lines: ['a', 'rest'], position: 6 });
    expect(readLines([Buffer.from('a\r')], { final: true })).toMatchObject({ lines: ['a'], position: 2 });
    expect(readLines([Buffer.from('a\n')], { final: true })).toMatchObject({ lines: ['a'], position: 2 });
  });

  test('a line may be longer than a block', () => {
    const long = 'x'.repeat(3_000_000);
    const { lines, position } = readLines([Buffer.from(`${long}\nend\n`)]);
    expect(lines.map(line => line.length)).toEqual([3_000_000, 3]);
    expect(position).toBe(3_000_005);
  });

  const byte = fc.oneof(fc.constantFrom(10, 13, 13, 10, 0x61, 0x62), fc.constantFrom(0xc3, 0xa9, 0xf0, 0xff));
  test('do not depend on how the bytes are split into pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.uint8Array({ maxLength: 6 }), fc.array(byte, { maxLength: 12 })), { maxLength: 8 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        (parts, max, final) => {
          const pieces = parts.map(part => Buffer.from(part));
          const whole = Buffer.concat(pieces);
          const result = readLines(pieces, { max, final });
          expect(result).toEqual({ ...reference(whole, final), nextPosition: whole.length });
        },
      ),
      { numRuns: 2000 },
    );
  });
});
