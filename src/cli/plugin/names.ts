/** What a new plugin may have; each has a folder in templates/plugin. */
export const kinds = ['source', 'sink', 'transform', 'predicate', 'converter', 'config-provider'] as const;
export type Kind = (typeof kinds)[number];

/** `Feed` of `@acme/millrace-plugin-feed`: what stands for `Name` in the templates. */
export function componentName(name: string): string {
  const words = name
    .slice(name.lastIndexOf('/') + 1)
    .replace(/^millrace-(plugin-)?/, '')
    .split(/[^a-z0-9]+/)
    .filter(word => word !== '');
  const camel = words.map(word => word[0]?.toUpperCase() + word.slice(1)).join('');
  // A class's name begins with a letter.
  return /^[A-Z]/.test(camel) ? camel : `My${camel}`;
}
