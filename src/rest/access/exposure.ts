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

/** Warnings at the start of a worker whose REST API other machines can reach. */
export function exposureWarnings({ exposed, policy, props }: Exposure): Warning[] {
  if (exposed.length === 0) return [];
  const warnings: Warning[] = [];
  if (policy.users === undefined)
    warnings.push({
      fields: { listeners: exposed },
      message:
        'the REST API has no authentication and other machines can reach it: any client can create connectors that read ' +
        'and write with the permissions of this worker. Add users with ' +
        'rest.extension.classes=BasicAuthSecurityRestExtension, protect it by a proxy or firewall, or set listeners to a ' +
        'loopback address',
    });
  for (const { provider, setting, reads } of unlimitedProviders(props))
    warnings.push({
      fields: { listeners: exposed, provider },
      message: `connectors can read ${reads} through placeholders of this configuration provider: restrict it with ${setting}`,
    });
  return warnings;
}

const limits = [
  { classes: /(^|\.)FileConfigProvider$/, parameter: 'allowed.paths', reads: 'any properties file' },
  { classes: /(^|\.)DirectoryConfigProvider$/, parameter: 'allowed.paths', reads: 'any file' },
  { classes: /(^|\.)EnvVarConfigProvider$/, parameter: 'allowlist.pattern', reads: 'any environment variable' },
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
