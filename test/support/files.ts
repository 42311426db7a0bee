import { fileAccess } from '../../src/config/worker-config/file-access.ts';

/** As a worker on a loopback address grants it. */
export const anyFile = fileAccess({ allowed: [], exposed: [], code: [], configFiles: [] });
