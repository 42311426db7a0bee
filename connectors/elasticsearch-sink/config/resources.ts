import { MillraceError } from '../../../src/errors.ts';

export const resourceUsages = ['INDEX', 'ALIAS_INDEX', 'DATASTREAM', 'ALIAS_DATASTREAM', 'DISABLED'] as const;

interface ResourceConfig {
  readonly 'external.resource.usage': (typeof resourceUsages)[number];
  readonly 'topic.to.external.resource.mapping': readonly string[];
}

/** Index or alias by topic; undefined if each topic has its own index. Throws CONFIG_INVALID. */
export function readResources(config: ResourceConfig): ReadonlyMap<string, string> | undefined {
  const usage = config['external.resource.usage'];
  const items = config['topic.to.external.resource.mapping'];
  if (usage === 'DISABLED') {
    if (items.length > 0)
      throw invalid('topic.to.external.resource.mapping requires external.resource.usage=INDEX or ALIAS_INDEX.');
    return undefined;
  }
  if (usage.endsWith('DATASTREAM'))
    throw invalid(`external.resource.usage ${usage} is not supported; INDEX and ALIAS_INDEX are.`);
  if (items.length === 0)
    throw invalid(`external.resource.usage ${usage} requires topic.to.external.resource.mapping.`);
  const resources = new Map<string, string>();
  for (const item of items) {
    const [topic = '', resource = '', ...rest] = item.split(':').map(part => part.trim());
    if (topic === '' || resource === '' || rest.length > 0) throw invalid(`'${item}' must be topic:resource.`);
    if (resources.has(topic)) throw invalid(`Topic '${topic}' is mapped to multiple resources.`);
    if ([...resources.values()].includes(resource))
      throw invalid(`Resource '${resource}' is mapped from multiple topics.`);
    resources.set(topic, resource);
  }
  return resources;
}

const invalid = (message: string) => new MillraceError('CONFIG_INVALID', message);
