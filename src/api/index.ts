/** The contract of components, for authors of plugins. */
export * from './bytes.ts';
export * from './component.ts';
export * from './config-provider.ts';
export * from './convert.ts';
export * from './java-text.ts';
export * from './member.ts';
export * from './plugin.ts';
export * from './record.ts';
export * from './schema.ts';
export * from './sink.ts';
export * from './source.ts';
