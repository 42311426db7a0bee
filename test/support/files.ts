import { createFileAccess } from '../../src/config/worker-config/file-access.ts';

/** File access of a worker that listens on a loopback address. */
export const anyFile = createFileAccess({ allowedFolders: [], exposedListeners: [], codeFolders: [], configFiles: [] });
