/** Kinds of a new plugin's component; each has a folder in templates/plugin. */
export const kinds = ['source', 'sink', 'transform', 'predicate', 'converter', 'config-provider'] as const;
export type Kind = (typeof kinds)[number];

/** Returns the class name that replaces `Name` in the templates: `Feed` for `@acme/millrace-plugin-feed`. */
export function componentName(name: string): string {
  const words = name
    .slice(name.lastIndexOf('/') + 1)
    .replace(/^millrace-(plugin-)?/, '')
    .split(/[^a-z0-9]+/)
    .filter(word => word !== '');
  const camel = words.map(word => word[0]?.toUpperCase() + word.slice(1)).join('');
  // A class name starts with a letter.
  return /^[A-Z]/.test(camel) ? camel : `My${camel}`;
}
