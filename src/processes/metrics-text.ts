/**
 * Merges expositions in Prometheus' text format: each family once, with the samples of all. No two may have a series in
 * common. https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function mergeMetrics(texts: readonly string[]): string {
  const families = new Map<string, { readonly head: Set<string>; readonly samples: string[] }>();
  for (const text of texts) {
    let family: { readonly head: Set<string>; readonly samples: string[] } | undefined;
    for (const line of text.split('\n')) {
      const [, kind, name] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? [];
      if (name === undefined) {
        if (line !== '' && !line.startsWith('#')) family?.samples.push(line);
        continue;
      }
      // All processes have the same help text and type for a family: only the first is used.
      family = families.get(name) ?? { head: new Set(), samples: [] };
      families.set(name, family);
      if (![...family.head].some(header => header.startsWith(`# ${kind} `))) family.head.add(line);
    }
  }
  return [...families.values()].map(({ head, samples }) => `${[...head, ...samples].join('\n')}\n`).join('\n');
}
