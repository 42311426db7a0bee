import type { Log } from '../../api/component.ts';

/** In the place of a secret. */
const HIDDEN = '[hidden]';
/** Shorter texts are left where they are: they would tear every sentence apart, and hide nothing. */
const SHORTEST = 4;
/** Inside base64 only what is long enough not to be found by chance. */
const SHORTEST_ENCODED = 8;

/** Longer texts are looked for only as they are. */
const LONGEST = 10_000;

/** Passwords within addresses, connection strings and JAAS entries. */
const inner = [
  /:\/\/[^/?#\s:]*:([^/?#\s]+)@/g,
  /(?:password|passphrase|pwd|secret|token)\w{0,40}\s{0,4}=\s{0,4}(?:"([^"]*)"|'([^']*)'|([^&;"'\s]+))/gi,
];

/**
 * Takes secrets out of texts that others may see: as they are, with the passwords inside them, line by line, and as
 * other programs print them in messages, encoded for URLs, escaped for JSON, within base64.
 */
export class Redaction {
  #forms: readonly string[] = [];

  constructor(secrets: readonly string[] = []) {
    this.add(secrets);
  }

  add(secrets: readonly string[]): void {
    const forms = new Set(this.#forms);
    for (const secret of secrets) for (const form of formsOf(secret)) if (form.length >= SHORTEST) forms.add(form);
    // Longer ones first: a shorter one inside them would leave pieces.
    this.#forms = [...forms].sort((a, b) => b.length - a.length);
  }

  text(text: string): string {
    return this.#forms.reduce((left, form) => left.replaceAll(form, HIDDEN), text);
  }

  /** A log whose lines have no secret in them, those that are added later included. */
  log(log: Log): Log {
    return {
      debug: (fields, message) => log.debug(this.fields(fields), this.text(message)),
      info: (fields, message) => log.info(this.fields(fields), this.text(message)),
      warn: (fields, message) => log.warn(this.fields(fields), this.text(message)),
      error: (fields, message) => log.error(this.fields(fields), this.text(message)),
    };
  }

  /** A flat object, such as the fields of a log line. */
  fields<T>(fields: Readonly<Record<string, T>>): Record<string, T | string> {
    return Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? this.text(value) : value]),
    );
  }
}

function formsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/);
  const plain = [secret, secret.trim(), ...(lines.length > 1 ? lines.map(line => line.trim()) : [])];
  const parts = plain.flatMap(text => [text, ...passwordsIn(text)]);
  // What is kept apart for its length alone is no secret.
  if (secret.length > LONGEST) return parts;
  return parts.flatMap(part => [
    part,
    JSON.stringify(part).slice(1, -1),
    encodeURI(part.toWellFormed()),
    encodeURIComponent(part.toWellFormed()),
    new URLSearchParams([['', part]]).toString().slice(1),
    ...withinBase64(part),
  ]);
}

function passwordsIn(text: string): string[] {
  const found = inner.flatMap(pattern =>
    [...text.matchAll(pattern)].map(([, ...groups]) => groups.find(group => group !== undefined) ?? ''),
  );
  return found.filter(text => !/^(true|false|null)$/i.test(text)).flatMap(text => [text, decoded(text)]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** What every base64 text has in it that the secret is encoded in, at whichever of three places its first byte falls. */
function withinBase64(secret: string): string[] {
  const bytes = Buffer.from(secret);
  if (bytes.length < SHORTEST_ENCODED) return [];
  return [0, 1, 2].flatMap(before => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const known = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return [known, known.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
