import type { Log } from '../../api/component.ts';

/** Replacement of a secret. */
const HIDDEN = '[hidden]';
/** Shorter texts are not redacted: they occur in ordinary words. */
const MIN_LENGTH = 4;
/** Shorter secrets are not redacted inside base64, where they would match by chance. */
const MIN_BASE64_BYTES = 8;

/** Longer secrets are only redacted in plain form. */
const MAX_ENCODED_LENGTH = 10_000;

/** Passwords in addresses, connection strings and JAAS entries. */
const embeddedSecrets = [
  /:\/\/[^/?#\s:]*:([^/?#\s]+)@/g,
  /(?:password|passphrase|pwd|secret|token)\w{0,40}\s{0,4}=\s{0,4}(?:"([^"]*)"|'([^']*)'|([^&;"'\s]+))/gi,
];

/**
 * Redacts secrets in texts: the secrets themselves, passwords inside them, their lines, and their encodings in messages of
 * other programs (URL, JSON, base64).
 */
export class Redaction {
  #variants: readonly string[] = [];

  constructor(secrets: readonly string[] = []) {
    this.add(secrets);
  }

  add(secrets: readonly string[]): void {
    const variants = new Set(this.#variants);
    for (const secret of secrets)
      for (const variant of variantsOf(secret)) if (variant.length >= MIN_LENGTH) variants.add(variant);
    // Longest first, because replacing a shorter variant inside a longer one would leave fragments.
    this.#variants = [...variants].sort((a, b) => b.length - a.length);
  }

  text(text: string): string {
    return this.#variants.reduce((redacted, variant) => redacted.replaceAll(variant, HIDDEN), text);
  }

  /** Wraps a log to redact all secrets, including those added later. */
  log(log: Log): Log {
    return {
      debug: (fields, message) => log.debug(this.fields(fields), this.text(message)),
      info: (fields, message) => log.info(this.fields(fields), this.text(message)),
      warn: (fields, message) => log.warn(this.fields(fields), this.text(message)),
      error: (fields, message) => log.error(this.fields(fields), this.text(message)),
    };
  }

  /** Redacts the string values of a flat object, such as the fields of a log line. */
  fields<T>(fields: Readonly<Record<string, T>>): Record<string, T | string> {
    return Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? this.text(value) : value]),
    );
  }
}

function variantsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/);
  const plain = [secret, secret.trim(), ...(lines.length > 1 ? lines.map(line => line.trim()) : [])];
  const parts = plain.flatMap(text => [text, ...passwordsIn(text)]);
  // Values of this length are usually offloaded for their size and are not secrets.
  if (secret.length > MAX_ENCODED_LENGTH) return parts;
  return parts.flatMap(part => [
    part,
    JSON.stringify(part).slice(1, -1),
    encodeURI(part.toWellFormed()),
    encodeURIComponent(part.toWellFormed()),
    new URLSearchParams([['', part]]).toString().slice(1),
    ...base64Cores(part),
  ]);
}

function passwordsIn(text: string): string[] {
  const passwords = embeddedSecrets.flatMap(pattern =>
    [...text.matchAll(pattern)].map(([, ...groups]) => groups.find(group => group !== undefined) ?? ''),
  );
  return passwords.filter(text => !/^(true|false|null)$/i.test(text)).flatMap(text => [text, decodeUrl(text)]);
}

function decodeUrl(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** Parts of the base64 encoding that depend only on the secret, for each of the three alignments of its first byte. */
function base64Cores(secret: string): string[] {
  const bytes = Buffer.from(secret);
  if (bytes.length < MIN_BASE64_BYTES) return [];
  return [0, 1, 2].flatMap(offset => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const core = text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
