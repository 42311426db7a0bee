import type { ConnectRecord, Converter } from '../api/index.ts';
import type { ClientProps } from '../config/client-settings/index.ts';
import type { ErrorLog } from '../engine/error-log.ts';
import type { ConverterNames } from '../engine/sink/record-decoder.ts';
import { MillraceError } from '../errors.ts';
import type { Compression, ProducerOptions } from '../kafka/port.ts';
import { withTimeout } from './transactional-ids.ts';

/** Transforms and converters between a connector and Kafka, built from a resolved configuration. */
export interface Pipeline {
  /** The connector's configuration with the worker's defaults. */
  readonly props: Readonly<Record<string, string>>;
  readonly transform: (record: ConnectRecord) => ConnectRecord | null;
  readonly keys: Converter;
  readonly values: Converter;
  readonly headers: Converter;
  /** Java classes of the converters. */
  readonly names: ConverterNames;
  /** `errors.tolerance` is all. */
  readonly tolerant: boolean;
  readonly errorLog: ErrorLog;
}

/** Options of the producer of a connector's task. TASK_CONFIG. */
export function producerOptions(producer: ClientProps, transactionalId: string): ProducerOptions {
  const compression = producer['compression.type']?.trim().toLowerCase() ?? 'none';
  if (!isCompression(compression))
    throw new MillraceError(
      'TASK_CONFIG',
      `compression.type is ${compression}; it must be one of ${codecs.join(', ')}.`,
    );
  const maxRequestBytes = numberSetting(producer, 'max.request.size');
  const batchBytes = numberSetting(producer, 'batch.size');
  return {
    ...withTimeout(transactionalId, producer),
    compression,
    ...(maxRequestBytes === undefined ? {} : { maxRequestBytes }),
    ...(batchBytes === undefined ? {} : { batchBytes }),
  };
}

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const satisfies readonly Compression[];
const isCompression = (name: string): name is Compression => (codecs as readonly string[]).includes(name);

/** Returns a numeric setting; undefined if it is not set. TASK_CONFIG. */
export function numberSetting(settings: ClientProps, key: string): number | undefined {
  const text = settings[key]?.trim();
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text !== '' && Number.isFinite(number) && number >= 0) return number;
  throw new MillraceError('TASK_CONFIG', `${key} is ${text}; it must be a number.`);
}
