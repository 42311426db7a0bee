import type { SinkConnector } from '../../src/api/index.ts';
import { type FileAccess, fileProblems } from '../../src/config/worker-config/file-access.ts';
import { config, type FileSinkConfig } from './config.ts';
import { alterCheckpoint, fenceCheckpoint } from './output-file.ts';
import { FileStreamSinkTask } from './task.ts';

/**
 * Writes values as lines of a file, like `org.apache.kafka.connect.file.FileStreamSinkConnector`: the same configuration
 * and the same lines. Exactly once for a file, with a checkpoint in the same folder.
 */
export const fileStreamSink = (files: FileAccess): SinkConnector<FileSinkConfig> => ({
  kind: 'sink',
  config,
  task: () => new FileStreamSinkTask(files),
  validate: ({ file }) => fileProblems(files, file),
  async alterOffsets({ file }, writer, positions) {
    // The standard output has no positions besides the consumer group's.
    if ((file ?? '') !== '') await alterCheckpoint(files, file ?? '', writer, positions);
  },
  async fence({ file }, writer) {
    if ((file ?? '') !== '') await fenceCheckpoint(files, file ?? '', writer);
  },
});
