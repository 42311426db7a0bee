import { describe, expect, test } from 'vitest';
import { fileStreamSource } from '../../../connectors/file-stream-source/index.ts';
import type { SourcePosition } from '../../../src/api/index.ts';
import { silent } from '../../../src/observability/silent.ts';
import { anyFile } from '../../support/files.ts';

const connector = fileStreamSource(anyFile);

const context = { log: silent, signal: new AbortController().signal };
const partition = { filename: 'input.txt' };

async function alter(position: unknown, file: string | null = 'input.txt') {
  const config = { file, topic: 'lines', 'batch.size': 2000 };
  await connector.alterOffsets?.(config, [position as SourcePosition], context);
}

// Connect's FileStreamSourceConnector.alterOffsets.
describe('alterOffsets', () => {
  test.each([
    [{ partition, offset: { position: 0 } }],
    [{ partition, offset: { position: 12, inode: '5' } }],
    [{ partition, offset: null }],
    [{ partition: { filename: 'of an earlier configuration' }, offset: { position: 3 } }],
  ])('accepts %j', async position => {
    await expect(alter(position)).resolves.toBeUndefined();
  });

  test.each([
    [{ partition, offset: {} }, "Offset objects should either be null or contain the key 'position'"],
    [{ partition, offset: { other: 1 } }, "Offset objects should either be null or contain the key 'position'"],
    [
      { partition, offset: { position: 'x' } },
      "The value for the 'position' key in the offset is expected to be a Long value",
    ],
    [
      { partition, offset: { position: 1.5 } },
      "The value for the 'position' key in the offset is expected to be a Long value",
    ],
    [
      { partition, offset: { position: null } },
      "The value for the 'position' key in the offset is expected to be a Long value",
    ],
    [
      { partition, offset: { position: -1 } },
      "The value for the 'position' key in the offset should be a non-negative value",
    ],
    [
      { partition: { file: 'input.txt' }, offset: { position: 1 } },
      "Partition objects should contain the key 'filename'",
    ],
    [{ partition: {}, offset: null }, "Partition objects should contain the key 'filename'"],
  ])('rejects %j: %s', async (position, message) => {
    await expect(alter(position)).rejects.toMatchObject({ code: 'BAD_REQUEST', message });
  });

  test('rejects offsets of the standard input', async () => {
    const rejection = { code: 'BAD_REQUEST', message: expect.stringContaining('stdin is used for input') };
    await expect(alter({ partition, offset: { position: 1 } }, null)).rejects.toMatchObject(rejection);
    await expect(alter({ partition, offset: null }, '')).rejects.toMatchObject(rejection);
  });
});
