import type { SourceConnector } from '../../src/api/index.ts';
import { type FileAccess, fileProblems } from '../../src/config/worker-config/file-access.ts';
import { config, type FileSourceConfig } from './config.ts';
import { checkPositions } from './offsets.ts';
import { FileStreamSourceTask } from './task.ts';

/**
 * Reads lines of a file, like `org.apache.kafka.connect.file.FileStreamSourceConnector`: the same configuration and the
 * same records. One task, because a file has one position. Exactly once for a file; the standard input has no position.
 */
export const fileStreamSource = (files: FileAccess): SourceConnector<FileSourceConfig> => ({
  kind: 'source',
  config,
  plan: async () => [{}],
  task: () => new FileStreamSourceTask(files),
  validate: ({ file }) => fileProblems(files, file),
  async alterOffsets({ file }, positions) {
    checkPositions(file, positions);
  },
});
