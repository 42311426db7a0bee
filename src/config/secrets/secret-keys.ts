import { replacePlaceholders } from './placeholders.ts';

/** Keys that hold secrets whatever the component that reads them calls them. */
const secretName =
  /password|secret|credential|token|jaas|api[._-]?key|private[._-]?key|passphrase|basic\.auth\.user\.info/i;
/** Keys named like secrets that say where one is, or how it is to be used. */
const aboutSecret = /[._-](url|uri|file|path|location|class|type|mode|name|ms|enabled?)$/i;
/** Addresses with a password inside. */
const secretAddress = /[?&;](password|pwd)=[^&;]|:\/\/[^/@\s:]+:[^/@\s]+@/i;

/**
 * The keys of a configuration whose values nobody else may see: what the component calls a password, what is named like
 * one, and addresses that carry one. Values that have placeholders where the secret would be give nothing away.
 */
export function secretKeys(config: Readonly<Record<string, string>>, keys: Keys = []): string[] {
  const named = namedLikeSecret(keys);
  return Object.entries(config)
    .filter(([key, value]) => {
      const left = replacePlaceholders(value, () => '');
      return secretAddress.test(left) || (value !== '' && left === value && named(key));
    })
    .map(([key]) => key);
}

type Keys = readonly { readonly name: string; readonly type: string }[];

/** Whether a key is one whose value is a secret, whatever that is: by what the component says of it, or by its name. */
export function namedLikeSecret(keys: Keys = []): (key: string) => boolean {
  const passwords = new Set(keys.filter(key => key.type === 'PASSWORD').map(key => key.name));
  return key => passwords.has(key) || (secretName.test(key) && !aboutSecret.test(key));
}

/** Says which keys hold secrets that would stand in a workflow's history, and what to do instead. */
export const plainSecrets = (name: string, keys: readonly string[]): string =>
  `Connector ${name} has plain text in ${keys.join(', ')}, and what is given to Temporal stays in its histories: use a ` +
  `placeholder of a configuration provider of the workers, such as \${file:/etc/millrace/secrets.properties:key}, or ` +
  'make the connector over the REST API, which keeps secrets apart.';
