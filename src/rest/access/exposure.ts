import type { AccessPolicy } from './access-policy.ts';

export interface Exposure {
  /** Listeners that other machines can reach. */
  readonly exposed: readonly string[];
  readonly policy: AccessPolicy;
  readonly props: Readonly<Record<string, string | undefined>>;
}

export interface Warning {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** What a worker warns of at its start, because others can reach its REST API. */
export function exposureWarnings({ exposed, policy: surface, props }: Exposure): Warning[] {
  if (exposed.length === 0) return [];
  const warnings: Warning[] = [];
  if (surface.users === undefined)
    warnings.push({
      fields: { listeners: exposed },
      message:
        'the REST API asks for no user and other machines can reach it: whoever does can make connectors that read and ' +
        'write with the rights of this worker. Add users with rest.extension.classes=BasicAuthSecurityRestExtension, ' +
        'let a proxy or firewall guard it, or set listeners to a loopback address',
    });
  for (const { provider, setting, reads } of unlimitedProviders(props))
    warnings.push({
      fields: { listeners: exposed, provider },
      message: `connectors can read ${reads} by placeholders of this configuration provider: limit it with ${setting}`,
    });
  return warnings;
}

const limits = [
  { classes: /(^|\.)FileConfigProvider$/, parameter: 'allowed.paths', reads: 'any file of properties' },
  { classes: /(^|\.)DirectoryConfigProvider$/, parameter: 'allowed.paths', reads: 'any file' },
  { classes: /(^|\.)EnvVarConfigProvider$/, parameter: 'allowlist.pattern', reads: 'any variable of the environment' },
];

/** Providers of Kafka Connect that are not limited to certain files or variables. */
function unlimitedProviders(props: Exposure['props']) {
  return (props['config.providers'] ?? '')
    .split(',')
    .map(name => name.trim())
    .flatMap(provider => {
      const type = (props[`config.providers.${provider}.class`] ?? '').trim();
      const limit = limits.find(({ classes }) => classes.test(type));
      const setting = `config.providers.${provider}.param.${limit?.parameter}`;
      return limit === undefined || (props[setting] ?? '').trim() !== ''
        ? []
        : [{ provider, setting, reads: limit.reads }];
    });
}
