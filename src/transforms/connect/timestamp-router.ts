import type { TransformFactory } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, stringKey } from '../../config/spec.ts';
import { DataError, messageOf } from '../../errors.ts';
import { dateWriter, patternWarning } from '../date-format/index.ts';
import { withTopic } from '../record/record-part.ts';

const topicPlace = '$' + '{topic}';
const timestampPlace = '$' + '{timestamp}';

const config = defineConfig(
  {
    'topic.format': stringKey({
      doc: `The new topic: ${topicPlace} is the old one, ${timestampPlace} the record's time.`,
      default: `${topicPlace}-${timestampPlace}`,
      importance: 'high',
    }),
    'timestamp.format': stringKey({
      doc: 'How the time is written, as java.text.SimpleDateFormat has it, in UTC.',
      default: 'yyyyMMdd',
      importance: 'high',
    }),
  },
  {
    refine: c => {
      try {
        dateWriter(c['timestamp.format']);
        return {};
      } catch (error) {
        return { 'timestamp.format': messageOf(error) };
      }
    },
    warn: c => ({ 'timestamp.format': patternWarning(c['timestamp.format']) }),
  },
);

/** Kafka Connect's TimestampRouter: a topic for each day, or whatever the format says. */
export const timestampRouter: TransformFactory<Config<typeof config>> = {
  config,
  create({ 'topic.format': topicFormat, 'timestamp.format': timestampFormat }) {
    const write = dateWriter(timestampFormat);
    return {
      apply(record) {
        if (record.timestamp === null) throw new DataError('Timestamp missing on record');
        const time = write(new Date(record.timestamp));
        return withTopic(
          record,
          topicFormat.replaceAll(topicPlace, () => record.topic).replaceAll(timestampPlace, () => time),
        );
      },
    };
  },
};
