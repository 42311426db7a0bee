import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bufferPool } from '../../../src/kafka/protocol/buffer-pool.ts';
import { attributes, layout, RecordBatchWriter } from '../../../src/kafka/protocol/record-batch.ts';
import { batchesOf, type FetchedBatch } from '../../../src/kafka/protocol/record-decoder.ts';
import { UnstableTail } from '../../../src/kafka/reader/unstable-tail.ts';

/** One batch of a partition's log: records of a producer, or the end of its transaction. */
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
  const [batch] = batchesOf(bytes);
  const flags = { records: attributes.transactional, plain: 0, end: attributes.transactional | attributes.control };
  // The checksum stays that of the records: the flags are read out of what is passed here.
  return { ...(batch as FetchedBatch), attributes: flags[entry.kind] };
}

test('gives the committed records in order, and names who else has some: as a model does, for any log', async () => {
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
        wanted: name => name.toString().startsWith('own-'),
        awaited: name => name.toString() === 'own-a',
      });
      for (const batch of batches) {
        tail.add(batch);
        // As an answer that is asked for again has it.
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
        const fate =
          each.kind === 'plain'
            ? true
            : log.slice(i).find(later => later.kind === 'end' && later.producer === each.producer);
        for (const name of names) {
          if (i < cut && name.startsWith('own-')) {
            if (fate === true || (typeof fate === 'object' && fate.kind === 'end' && fate.commit))
              expected.push(`${name}=${at}`);
            if (fate === undefined && name === 'own-a' && each.kind === 'records') open.add(each.producer);
          }
          at++;
        }
      }
      expect(tail.committed.map(record => `${record.key}=${record.value}`)).toEqual(expected);
      expect(new Set(tail.awaitedProducers)).toEqual(open);
    }),
  );
});
