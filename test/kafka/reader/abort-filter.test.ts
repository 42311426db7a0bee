import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attributes, layout } from '../../../src/kafka/protocol/record-batch.ts';
import type { FetchedBatch } from '../../../src/kafka/protocol/record-decoder.ts';
import { writeVarint } from '../../../src/kafka/protocol/varint.ts';
import { abortFilter } from '../../../src/kafka/reader/abort-filter.ts';

function batch(offset: number, producerId: number, flags: number, bytes = Buffer.alloc(0), count = 1): FetchedBatch {
  return { bytes, baseOffset: offset, lastOffset: offset + count - 1, attributes: flags, producerId, count };
}
const data = (offset: number, producerId: number, count = 1): FetchedBatch =>
  batch(offset, producerId, attributes.transactional, undefined, count);
const plain = (offset: number): FetchedBatch => batch(offset, -1, 0);

/** A control record; its key is int16 version, int16 type. */
function controlRecord(offset: number, producerId: number, type: 'abort' | 'commit'): FetchedBatch {
  const bytes = Buffer.alloc(layout.records + 20);
  let at = writeVarint(bytes, layout.records, 10);
  at = writeVarint(bytes, at + 1, 0);
  at = writeVarint(bytes, at, 0);
  at = writeVarint(bytes, at, 4);
  bytes.writeInt16BE(type === 'abort' ? 0 : 1, at + 2);
  return batch(offset, producerId, attributes.transactional | attributes.control, bytes);
}

const visibleOffsets = (aborted: { producerId: number; firstOffset: number }[], batches: FetchedBatch[]): number[] => {
  const isVisible = abortFilter(aborted);
  return batches.filter(isVisible).map(({ baseOffset }) => baseOffset);
};

describe('the abort filter', () => {
  test('drops aborted transactions and control records', () => {
    const batches = [data(0, 1), data(1, 1), controlRecord(2, 1, 'abort'), data(3, 1), controlRecord(4, 1, 'commit')];
    expect(visibleOffsets([{ producerId: 1, firstOffset: 0 }], batches)).toEqual([3]);
  });

  test('distinguishes interleaved producers, and keeps records outside transactions', () => {
    const batches = [
      data(0, 1),
      data(1, 2),
      plain(2),
      data(3, 1),
      controlRecord(4, 2, 'commit'),
      data(5, 1),
      controlRecord(6, 1, 'abort'),
    ];
    expect(visibleOffsets([{ producerId: 1, firstOffset: 0 }], batches)).toEqual([1, 2]);
  });

  test('drops records of a transaction that began before the response', () => {
    expect(
      visibleOffsets([{ producerId: 1, firstOffset: 3 }], [data(10, 1), controlRecord(11, 1, 'abort'), data(12, 1)]),
    ).toEqual([12]);
  });

  test('keeps records that the same producer committed before', () => {
    const batches = [data(0, 1), controlRecord(1, 1, 'commit'), data(2, 1, 5), controlRecord(7, 1, 'abort')];
    expect(visibleOffsets([{ producerId: 1, firstOffset: 2 }], batches)).toEqual([0]);
  });

  test('drops two aborted transactions of one producer, listed in any order', () => {
    const batches = [data(0, 1), controlRecord(1, 1, 'abort'), data(2, 1), controlRecord(3, 1, 'abort'), data(4, 1)];
    const aborted = [
      { producerId: 1, firstOffset: 2 },
      { producerId: 1, firstOffset: 0 },
    ];
    expect(visibleOffsets(aborted, batches)).toEqual([4]);
  });

  test('keeps exactly the committed records of any interleaving, read from any offset', () => {
    const step = fc.record({
      producer: fc.integer({ min: 1, max: 4 }),
      what: fc.constantFrom('data', 'data', 'abort', 'commit'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(30), (steps, from) => {
        const log: FetchedBatch[] = [];
        const open = new Map<number, number[]>();
        const committed: number[] = [];
        const aborted: { producerId: number; firstOffset: number; lastOffset: number }[] = [];
        const end = (producer: number, what: 'abort' | 'commit'): void => {
          const offsets = open.get(producer);
          const [firstOffset] = offsets ?? [];
          if (offsets === undefined || firstOffset === undefined) return;
          if (what === 'commit') committed.push(...offsets);
          else aborted.push({ producerId: producer, firstOffset, lastOffset: log.length });
          log.push(controlRecord(log.length, producer, what));
          open.delete(producer);
        };
        for (const { producer, what } of steps) {
          if (what !== 'data') end(producer, what as 'abort' | 'commit');
          else {
            open.set(producer, [...(open.get(producer) ?? []), log.length]);
            log.push(data(log.length, producer));
          }
        }
        // At the end of the log no transaction is open.
        for (const producer of [...open.keys()]) end(producer, 'abort');
        const overlapping = aborted.filter(({ lastOffset }) => lastOffset >= from);
        expect(visibleOffsets(overlapping, log.slice(from))).toEqual(
          committed.filter(o => o >= from).sort((a, b) => a - b),
        );
      }),
      { numRuns: 500 },
    );
  });
});
