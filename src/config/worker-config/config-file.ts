import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Certificates, keys and properties are smaller. */
const MOST_BYTES = 1 << 20;

/** Does not wait for a writer of a named pipe. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Reads a file that a configuration names. Rejects for what is no regular file, such as a device that never ends or a
 * pipe that nobody writes to, and for more than a mebibyte.
 */
export async function readConfigFile(path: string): Promise<Buffer> {
  const handle = await open(path, FLAGS);
  try {
    if (!(await handle.stat()).isFile()) throw noFile(path);
    const room = Buffer.allocUnsafe(MOST_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < room.length; length += read)
      read = (await handle.read(room, length, room.length - length, null)).bytesRead;
    return within(path, room, length);
  } finally {
    await handle.close();
  }
}

/** The same, for where a driver asks for it while it connects. */
export function readConfigFileSync(path: string): Buffer {
  const file = openSync(path, FLAGS);
  try {
    if (!fstatSync(file).isFile()) throw noFile(path);
    const room = Buffer.allocUnsafe(MOST_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < room.length; length += read)
      read = readSync(file, room, length, room.length - length, null);
    return within(path, room, length);
  } finally {
    closeSync(file);
  }
}

const noFile = (path: string): Error => new Error(`${path} is no regular file`);

function within(path: string, room: Buffer, length: number): Buffer {
  if (length > MOST_BYTES) throw new Error(`${path} has more than ${MOST_BYTES} bytes`);
  return Buffer.from(room.subarray(0, length));
}
