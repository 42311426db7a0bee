import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Limit for certificates, keys and properties. */
const MAX_BYTES = 1 << 20;

/** Non-blocking, so that opening a named pipe does not wait for a writer. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** Reads a file that a configuration refers to. Rejects for files other than regular files and for more than 1 MiB. */
export async function readConfigFile(path: string): Promise<Buffer> {
  const handle = await open(path, FLAGS);
  try {
    if (!(await handle.stat()).isFile()) throw notRegularFile(path);
    const buffer = Buffer.allocUnsafe(MAX_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read)
      read = (await handle.read(buffer, length, buffer.length - length, null)).bytesRead;
    return checkLength(path, buffer, length);
  } finally {
    await handle.close();
  }
}

/** Synchronous variant, for drivers that read the file while they connect. */
export function readConfigFileSync(path: string): Buffer {
  const file = openSync(path, FLAGS);
  try {
    if (!fstatSync(file).isFile()) throw notRegularFile(path);
    const buffer = Buffer.allocUnsafe(MAX_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read)
      read = readSync(file, buffer, length, buffer.length - length, null);
    return checkLength(path, buffer, length);
  } finally {
    closeSync(file);
  }
}

const notRegularFile = (path: string): Error => new Error(`${path} is not a regular file`);

function checkLength(path: string, buffer: Buffer, length: number): Buffer {
  if (length > MAX_BYTES) throw new Error(`${path} has more than ${MAX_BYTES} bytes`);
  return Buffer.from(buffer.subarray(0, length));
}
