import type { SinkConnector } from '../../src/api/index.ts';
import { config, type FileSinkConfig } from './config.ts';
import { alterCheckpoint } from './output-file.ts';
import { FileStreamSinkTask } from './task.ts';

/**
 * Values as lines of a file, in the place of `org.apache.kafka.connect.file.FileStreamSinkConnector`: the same
 * configuration and the same lines. Exactly once for a file, by a checkpoint beside it.
 */
export const connector: SinkConnector<FileSinkConfig> = {
  kind: 'sink',
  config,
  task: () => new FileStreamSinkTask(),
  async alterOffsets({ file }, connector, positions) {
    // The standard output has no positions but the consumer group's.
    if ((file ?? '') !== '') await alterCheckpoint(file ?? '', connector, positions);
  },
};
