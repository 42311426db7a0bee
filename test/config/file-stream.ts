import { connector as sink } from '../../connectors/file-stream-sink/index.ts';
import { connector as source } from '../../connectors/file-stream-source/index.ts';
import type { ConnectorToValidate } from '../../src/config/validate.ts';

/** The file connectors, whose keys the recorded answers of a real worker are about. */
export const fileSource: ConnectorToValidate = { kind: 'source', config: source.config };
export const fileSink: ConnectorToValidate = { kind: 'sink', config: sink.config };
