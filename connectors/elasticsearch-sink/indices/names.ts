/** Maximum length of an index's name. */
const MAX_LENGTH = 255;

/**
 * Name of a topic's index: lower case, without an invalid first character
 * (https://www.elastic.co/guide/en/elasticsearch/reference/7.17/indices-create-index.html). Other
 * characters that are invalid in index names are invalid in topic names too.
 */
export function indexName(topic: string): string {
  const lower = topic.toLowerCase().slice(0, MAX_LENGTH);
  const name = /^[-_]/.test(lower) ? lower.slice(1) : lower;
  return name === '.' || name === '..' ? name.replaceAll('.', 'dot') : name;
}
