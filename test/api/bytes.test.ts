import { expect, test } from 'vitest';
import { Messages } from '../../connectors/jdbc-sink/protocol/messages.ts';
import { Bytes } from '../../src/api/index.ts';

const MIB = 1024 * 1024;
const filled = Buffer.alloc(10 * MIB, 'x');
const use = (bytes: Bytes, size: number): void => {
  bytes.raw(filled.subarray(0, size));
  bytes.reset();
};
const uses = (bytes: Bytes, count: number, size: number): void => {
  for (let i = 0; i < count; i++) use(bytes, size);
};

test('a buffer returns to its first capacity after 64 uses that need less than a quarter of it', () => {
  const bytes = new Bytes(64);
  use(bytes, 10 * MIB);
  uses(bytes, 63, MIB);
  expect(bytes.buffer.length).toBe(10 * MIB);
  use(bytes, MIB);
  expect(bytes.buffer.length).toBe(64);
  expect(bytes.length).toBe(0);
});

test('a buffer that is needed now and then is kept', () => {
  const bytes = new Bytes(64);
  use(bytes, 10 * MIB);
  const { buffer } = bytes;
  for (let i = 0; i < 10; i++) {
    uses(bytes, 63, 10);
    use(bytes, 3 * MIB);
  }
  expect(bytes.buffer === buffer).toBe(true);
});

test('a buffer of up to 4 MiB, and one that was as large from the beginning, is kept', () => {
  const small = new Bytes(64);
  use(small, 4 * MIB);
  uses(small, 100, 1);
  expect(small.buffer.length).toBe(4 * MIB);
  const large = new Bytes(8 * MIB);
  const { buffer } = large;
  uses(large, 100, 1);
  expect(large.buffer === buffer).toBe(true);
});

test('a view of before is not written over', () => {
  const bytes = new Bytes(64);
  use(bytes, 10 * MIB);
  uses(bytes, 63, 1);
  bytes.ascii('before');
  const view = bytes.view();
  bytes.reset();
  bytes.ascii('behind');
  expect(view.toString()).toBe('before');
});

test('messages are written into the buffer of now', () => {
  const messages = new Messages(64);
  use(messages, 10 * MIB);
  uses(messages, 64, 1);
  messages.int32(7);
  expect(messages.view()).toEqual(Buffer.from([0, 0, 0, 7]));
});
