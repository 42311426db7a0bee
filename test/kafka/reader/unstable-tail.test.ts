import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bufferPool } from '../../../src/kafka/protocol/buffer-pool.ts';
import { attributes, layout, RecordBatchWriter } from '../../../src/kafka/protocol/record-batch.ts';
import { type FetchedBatch, parseBatches } from '../../../src/kafka/protocol/record-decoder.ts';
import { UnstableTail } from '../../../src/kafka/reader/unstable-tail.ts';

/** One batch of a partition: records of a producer, or the control record of its transaction. */
type Entry =
  | { readonly kind: 'records'; readonly producer: number; readonly keys: readonly string[] }
  | { readonly kind: 'plain'; readonly key: string }
  | { readonly kind: 'end'; readonly producer: number; readonly commit: boolean };

const pool = bufferPool(1 << 20);
const key = fc.constantFrom('own-a', 'own-b', 'other-a', 'other-b');
const producer = fc.integer({ min: 1, max: 4 });
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ kind: fc.constant('records' as const), producer, keys: fc.array(key, { minLength: 1, maxLength: 3 }) }),
  fc.record({ kind: fc.constant('plain' as const), key }),
  fc.record({ kind: fc.constant('end' as const), producer, commit: fc.boolean() }),
);

async function batchOf(entry: Entry, baseOffset: number): Promise<FetchedBatch> {
  const writer = new RecordBatchWriter(pool);
  const add = (name: string, text: Buffer) => {
    const bytes = Buffer.concat([Buffer.from(name, 'latin1'), text]);
    writer.append(0, bytes, 0, name.length, name.length, bytes.length, []);
  };
  // Version 0 and type: 0 for an abort, 1 for a commit.
  if (entry.kind === 'end') add(entry.commit ? '\0\0\0\u0001' : '\0\0\0\0', Buffer.alloc(6));
  else
    for (const [i, name] of (entry.kind === 'plain' ? [entry.key] : entry.keys).entries())
      add(name, Buffer.from(String(baseOffset + i)));
  const id = entry.kind === 'plain' ? -1n : BigInt(entry.producer);
  const pieces = await writer.finish('none', { producerId: id, producerEpoch: 0 }, 0);
  const bytes = Buffer.concat(pieces);
  bytes.writeBigInt64BE(BigInt(baseOffset), layout.baseOffset);
  const [batch] = parseBatches(bytes);
  const flags = { records: attributes.transactional, plain: 0, end: attributes.transactional | attributes.control };
  // The checksum is not updated: the flags are read from the returned object.
  return { ...(batch as FetchedBatch), attributes: flags[entry.kind] };
}

test('returns the committed records in order and the producers with open transactions, like a model, for any log', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 30 }), fc.nat(30), async (log, cut) => {
      const batches: FetchedBatch[] = [];
      let offset = 100;
      let end = 100;
      for (const [i, each] of log.entries()) {
        batches.push(await batchOf(each, offset));
        offset += each.kind === 'records' ? each.keys.length : 1;
        if (i < cut) end = offset;
      }
      const tail = new UnstableTail({ topic: 't', partition: 0 }, 100, end, {
        accepts: name => name.toString().startsWith('own-'),
        waitsFor: name => name.toString() === 'own-a',
      });
      for (const batch of batches) {
        tail.add(batch);
        // A repeated response contains the batch again.
        tail.add(batch);
      }
      expect(tail.next).toBe(offset);
      expect(tail.isRead).toBe(true);

      const expected: string[] = [];
      const open = new Set<number>();
      let at = 100;
      for (const [i, each] of log.entries()) {
        if (each.kind === 'end') {
          at++;
          continue;
        }
        const names = each.kind === 'plain' ? [each.key] : each.keys;
        const outcome =
          each.kind === 'plain'
            ? true
            : log.slice(i).find(later => later.kind === 'end' && later.producer === each.producer);
        for (const name of names) {
          if (i < cut && name.startsWith('own-')) {
            if (outcome === true || (typeof outcome === 'object' && outcome.kind === 'end' && outcome.commit))
              expected.push(`${name}=${at}`);
            if (outcome === undefined && name === 'own-a' && each.kind === 'records') open.add(each.producer);
          }
          at++;
        }
      }
      expect(tail.committedRecords.map(record => `${record.key}=${record.value}`)).toEqual(expected);
      expect(new Set(tail.awaitedProducers)).toEqual(open);
    }),
  );
});
