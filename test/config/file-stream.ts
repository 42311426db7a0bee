import { fileStreamSink } from '../../connectors/file-stream-sink/index.ts';
import { fileStreamSource } from '../../connectors/file-stream-source/index.ts';
import type { ConnectorToValidate } from '../../src/config/connector-config/validate.ts';
import { anyFile } from '../support/files.ts';

const sink = fileStreamSink(anyFile);
const source = fileStreamSource(anyFile);

/** The file connectors, which the recorded answers of Kafka Connect refer to. */
export const fileSource: ConnectorToValidate = { kind: 'source', config: source.config };
export const fileSink: ConnectorToValidate = { kind: 'sink', config: sink.config };
