import type { ConfigProps } from '../../api/component.ts';
import { messageOf } from '../../errors.ts';
import { javaMatcher, regexProblem } from '../java-regex/index.ts';
import { booleanKey, listKey, oneOfKey, shortKey, stringKey } from '../spec.ts';

const DEAD_LETTER_TOPIC = 'errors.deadletterqueue.topic.name';

export const sinkKeys = {
  topics: listKey({
    doc: 'Comma-separated list of topics to read.',
    default: [],
    importance: 'high',
    group: 'Common',
    order: 4,
    width: 'long',
    displayName: 'Topics',
  }),
  'topics.regex': stringKey({
    doc: 'Regular expression of java.util.regex for the topics to read; it must match the full name. Alternative to topics.',
    default: '',
    importance: 'high',
    group: 'Common',
    order: 4,
    width: 'long',
    displayName: 'Topics regex',
    check: regexProblem,
  }),
  'millrace.topic.recreated': oneOfKey(['fail', 'earliest'], {
    doc:
      'Behavior if a topic was deleted and recreated after the sink stored its position in it: the task fails, or reads the ' +
      'new topic from its beginning. Only for sinks that store their positions themselves.',
    default: 'fail',
    importance: 'low',
    group: 'Common',
    order: 15,
    width: 'short',
    displayName: 'Recreated topic',
  }),
  [DEAD_LETTER_TOPIC]: stringKey({
    doc: 'Topic of the dead letter queue, for records that cannot be processed. Without it, there is no dead letter queue.',
    default: '',
    group: 'Error Handling',
    order: 6,
    width: 'medium',
    displayName: 'Dead Letter Queue Topic Name',
  }),
  'errors.deadletterqueue.topic.replication.factor': shortKey({
    doc: 'Replication factor of the dead letter queue topic if the connector creates it.',
    default: 3,
    group: 'Error Handling',
    order: 7,
    width: 'medium',
    displayName: 'Dead Letter Queue Topic Replication Factor',
  }),
  'errors.deadletterqueue.context.headers.enable': booleanKey({
    doc: 'Whether records in the dead letter queue have headers __connect.errors.* with the context of the error.',
    default: false,
    group: 'Error Handling',
    order: 8,
    width: 'medium',
    displayName: 'Enable Error Context Headers',
  }),
};

/** Validates the topic keys of a sink, which depend on each other. Returns Connect's messages by key. */
export function sinkTopicErrors(props: ConfigProps): Record<string, string> {
  const textAt = (key: string) => props[key]?.trim() ?? '';
  const regex = textAt('topics.regex');
  const hasTopics = textAt('topics') !== '';
  if (hasTopics && regex !== '')
    return atBothKeys('topics and topics.regex are mutually exclusive options, but both are set.');
  if (!hasTopics && regex === '') return atBothKeys('Must configure one of topics or topics.regex');
  const deadLetterTopic = textAt(DEAD_LETTER_TOPIC);
  if (hasTopics) {
    const topics = textAt('topics')
      .split(',')
      .map(topic => topic.trim());
    if (new Set(topics).size < topics.length)
      return { topics: "Configuration 'topics' values must not be duplicated." };
    if (topics.includes('')) return { topics: "Configuration 'topics' values must not be empty." };
    return topics.includes(deadLetterTopic)
      ? {
          topics: `The DLQ topic '${deadLetterTopic}' may not be included in the list of topics ('topics=[${topics.join(', ')}]') consumed by the connector`,
        }
      : {};
  }
  if (deadLetterTopic === '' || regexProblem(regex) !== undefined) return {};
  try {
    if (!javaMatcher(regex, { setting: 'topics.regex' })(deadLetterTopic)) return {};
  } catch (error) {
    return { 'topics.regex': messageOf(error) };
  }
  return {
    'topics.regex': `The DLQ topic '${deadLetterTopic}' may not be matched by the regex for the topics ('topics.regex=${regex}') consumed by the connector`,
  };
}

const atBothKeys = (message: string) => ({ topics: message, 'topics.regex': message });
