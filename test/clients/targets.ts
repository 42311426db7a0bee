import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { connectorNames } from '../support/generate/connector-names.ts';
import type { Draw } from '../support/generate/index.ts';
import { uniqueName } from '../support/topic.ts';

export const { millrace, kafkaConnect, guarded, login, folder } = inject('clients');

/** Servers on which a client must behave alike: `describe.each(targets)`. */
export const targets = [
  { server: 'Millrace', url: millrace },
  { server: 'Kafka Connect', url: kafkaConnect },
] as const;

export type Config = Readonly<Record<string, string>>;

const string = 'org.apache.kafka.connect.storage.StringConverter';
const converters = { 'key.converter': string, 'value.converter': string };

/** Characters with a special meaning in a URL, which most clients do not encode. */
const special = /[%?#;+[\]{}|\\^`"<>]/g;

/** A connector name, unique in the run, that clients may put into a path without encoding. */
export const plainName = (draw: Draw): string =>
  draw.value(connectorNames).replace(special, '').slice(0, 60).trim() + uniqueName('');

/** A file source of existing and appended lines. */
export class FileSource {
  readonly name: string;
  readonly topic: string;
  readonly config: Config;
  readonly #file: string;

  private constructor(name: string, topic: string, file: string) {
    this.name = name;
    this.topic = topic;
    this.#file = file;
    this.config = {
      'connector.class': 'org.apache.kafka.connect.file.FileStreamSourceConnector',
      'tasks.max': '1',
      file,
      topic,
      ...converters,
    };
  }

  static async drawn(draw: Draw, name = plainName(draw)): Promise<FileSource> {
    const topic = draw.topic();
    const source = new FileSource(name, topic, join(folder, `${topic}.in`));
    await writeFile(source.#file, 'line\n'.repeat(3));
    return source;
  }

  append(line: string): Promise<void> {
    return appendFile(this.#file, `${line}\n`);
  }

  /** Its task fails at the first record, because text has no fields. */
  get failing(): Config {
    return {
      ...this.config,
      transforms: 'field',
      'transforms.field.type': 'org.apache.kafka.connect.transforms.ExtractField$Value',
      'transforms.field.field': 'field',
    };
  }

  /** A file sink of the same topic. */
  sink(): Config {
    return {
      'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
      'tasks.max': '1',
      file: this.#file.replace(/in$/, 'out'),
      topics: this.topic,
      ...converters,
    };
  }
}
