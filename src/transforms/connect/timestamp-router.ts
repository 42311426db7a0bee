import type { TransformFactory } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, stringKey } from '../../config/spec.ts';
import { DataError, messageOf } from '../../errors.ts';
import { dateWriter, patternWarning } from '../date-format/index.ts';
import { withTopic } from '../record/record-part.ts';

const topicPlaceholder = '$' + '{topic}';
const timestampPlaceholder = '$' + '{timestamp}';

const config = defineConfig(
  {
    'topic.format': stringKey({
      doc: `Format of the new topic name: ${topicPlaceholder} is the topic, ${timestampPlaceholder} the formatted timestamp of the record.`,
      default: `${topicPlaceholder}-${timestampPlaceholder}`,
      importance: 'high',
    }),
    'timestamp.format': stringKey({
      doc: 'Pattern of java.text.SimpleDateFormat for the timestamp, in UTC.',
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

/** Kafka Connect's TimestampRouter: derives the topic from the original topic and the record's timestamp. */
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
          topicFormat.replaceAll(topicPlaceholder, () => record.topic).replaceAll(timestampPlaceholder, () => time),
        );
      },
    };
  },
};
