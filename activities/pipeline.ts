import type { ConnectRecord, Converter } from '../src/api/index.ts';
import type { ConverterNames } from '../src/engine/record-decoder.ts';
import { MillraceError } from '../src/errors.ts';
import type { Compression, ProducerOptions } from '../src/kafka/port.ts';
import { producerSetting, withTimeout } from './transactional-ids.ts';

/** What stands between a connector and Kafka, made from a task's configuration with its placeholders resolved. */
export interface Pipeline {
  /** The connector's keys over the worker's defaults. */
  readonly props: Readonly<Record<string, string>>;
  readonly transform: (record: ConnectRecord) => ConnectRecord | null;
  readonly keys: Converter;
  readonly values: Converter;
  readonly headers: Converter;
  /** Java classes of the converters. */
  readonly names: ConverterNames;
  /** `errors.tolerance` is all. */
  readonly tolerant: boolean;
}

const codecs: readonly string[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] satisfies Compression[];

/** Producer settings: the connector's `producer.override.*`, else the worker's `producer.*`, else Kafka's defaults. */
export function producerOptions({ props }: Pick<Pipeline, 'props'>, transactionalId: string): ProducerOptions {
  const compression = producerSetting(props, 'compression.type') ?? 'none';
  if (!codecs.includes(compression))
    throw new MillraceError(
      'TASK_CONFIG',
      `compression.type is ${compression}; it must be one of ${codecs.join(', ')}.`,
    );
  const maxRequestBytes = producerSetting(props, 'max.request.size');
  return {
    ...withTimeout(transactionalId, props),
    compression: compression as Compression,
    ...(maxRequestBytes === undefined ? {} : { maxRequestBytes: bytesOf(maxRequestBytes) }),
  };
}

function bytesOf(text: string): number {
  const bytes = Number(text.trim());
  if (Number.isSafeInteger(bytes) && bytes > 0 && text.trim() !== '') return bytes;
  throw new MillraceError('TASK_CONFIG', `max.request.size is ${text}; it must be a number of bytes.`);
}
