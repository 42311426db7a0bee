/** Restores the line breaks of PEM text on one line, a common form in properties files. */
export function pem(text: string): string;
export function pem(text: string | undefined): string | undefined;
export function pem(text: string | undefined): string | undefined {
  return text
    ?.replaceAll('\\n', '\n')
    .replace(
      /(-----BEGIN ([^-]+)-----)([^:-]*?)(-----END \2-----)/g,
      (_all, begin: string, _label, body: string, end: string) =>
        [begin, ...(body.replace(/\s+/g, '').match(/.{1,64}/g) ?? []), end, ''].join('\n'),
    );
}
