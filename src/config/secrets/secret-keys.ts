import { replacePlaceholders } from './placeholders.ts';

/** Names of keys whose values are treated as secrets, whatever their type. */
const secretName =
  /password|secret|credential|token|jaas|api[._-]?key|private[._-]?key|passphrase|basic\.auth\.user\.info/i;
/** Names of keys that describe a secret, such as its location or type, but do not contain it. */
const secretMetadata = /[._-](url|uri|file|path|location|class|type|mode|name|ms|enabled?)$/i;
/** Addresses that contain a password. */
const secretAddress = /[?&;](password|pwd)=[^&;]|:\/\/[^/@\s:]+:[^/@\s]+@/i;

/**
 * Keys of a configuration with secret values: keys of type PASSWORD, keys with the name of a secret, and addresses that
 * contain a password. Values whose secrets are placeholders are not secret.
 */
export function secretKeys(config: Readonly<Record<string, string>>, keys: Keys = []): string[] {
  const isSecretKey = secretKeyMatcher(keys);
  return Object.entries(config)
    .filter(([key, value]) => {
      const remaining = replacePlaceholders(value, () => '');
      return secretAddress.test(remaining) || (value !== '' && remaining === value && isSecretKey(key));
    })
    .map(([key]) => key);
}

type Keys = readonly { readonly name: string; readonly type: string }[];

/** Creates a test whether the values of a key are secret, by its type or by its name. */
export function secretKeyMatcher(keys: Keys = []): (key: string) => boolean {
  const passwordKeys = new Set(keys.filter(key => key.type === 'PASSWORD').map(key => key.name));
  return key => passwordKeys.has(key) || (secretName.test(key) && !secretMetadata.test(key));
}

/** Error message for secrets in plain text, which would be stored in the history of a workflow. */
export const plainSecretsMessage = (name: string, keys: readonly string[]): string =>
  `Connector ${name} has plain text in ${keys.join(', ')}, which Temporal would store in the history of its workflow: use a ` +
  `placeholder of a configuration provider of the workers, such as \${file:/etc/millrace/secrets.properties:key}, or ` +
  'create the connector with the REST API, which stores secrets separately.';
