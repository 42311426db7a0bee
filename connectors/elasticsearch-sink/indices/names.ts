/** Characters of an index's name at most. */
const LONGEST = 255;

/**
 * The index of a topic: lower case, without what may not stand in front
 * (https://www.elastic.co/guide/en/elasticsearch/reference/7.17/indices-create-index.html). Topics have no other
 * character that an index may not have.
 */
export function indexOf(topic: string): string {
  const lower = topic.toLowerCase().slice(0, LONGEST);
  const name = /^[-_]/.test(lower) ? lower.slice(1) : lower;
  return name === '.' || name === '..' ? name.replaceAll('.', 'dot') : name;
}
