import fc from 'fast-check';
import { texts } from './text.ts';

export const MAX_TOPIC = 249;
const ALPHABETS = ['abcdefghijklmnopqrstuvwxyz', 'ABCxyz0189', 'aZ0._-', '.', '_', '-', '0123456789'].map(all => [
  ...all,
]);

/** All names that Kafka allows: 1 to 249 letters, digits, dots, underscores and dashes. */
export const topicNames = (max = MAX_TOPIC): fc.Arbitrary<string> =>
  texts(
    ALPHABETS,
    max,
    [2, 63, 64, 200, 248].filter(length => length < max),
  ).filter(name => name !== '.' && name !== '..');

/**
 * Two topics whose names differ only in a dot and an underscore, so that their metrics collide. A broker rejects the
 * second.
 */
export const collidingTopicNames = (max = MAX_TOPIC): fc.Arbitrary<readonly [string, string]> =>
  fc
    .tuple(topicNames(Math.floor((max - 1) / 2)), topicNames(Math.floor((max - 1) / 2)))
    .map(([before, after]) => [`${before}.${after}`, `${before}_${after}`] as const);
