import { readConfigFile } from '../../../src/config/worker-config/config-file.ts';
import type { PemReader } from '../../../src/databases/tls.ts';
import { MillraceError, messageOf } from '../../../src/errors.ts';

/** Rejects with SOURCE_SETUP if the file cannot be read. */
export const readPem: PemReader = async path => {
  try {
    return await readConfigFile(path);
  } catch (error) {
    throw new MillraceError('SOURCE_SETUP', `a file that connection.url names cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
};
