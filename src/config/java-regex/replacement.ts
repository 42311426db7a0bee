import type { JavaSyntax } from './syntax.ts';

/** Text, or the number of a group whose text stands there. */
export type ReplacementPart = string | number;

/** Reads a replacement as `Matcher.replaceFirst` does. Throws SyntaxError. */
export function parseReplacement(text: string, { groups, names }: JavaSyntax): ReplacementPart[] {
  const parts: ReplacementPart[] = [];
  for (const { groups: found } of text.matchAll(pieces)) {
    const { plain, escaped, name, digits } = found as Partial<Record<string, string>>;
    if (plain !== undefined) parts.push(plain);
    else if (escaped !== undefined) parts.push(escaped);
    else if (name !== undefined) parts.push(named(name, names));
    else if (digits !== undefined) parts.push(...numbered(digits, groups));
    else throw new SyntaxError('Illegal group reference: a $ or a backslash has nothing after it; \\$ is a dollar');
  }
  return parts;
}

const pieces = /(?<plain>[^\\$]+)|\\(?<escaped>.)|\$\{(?<name>[A-Za-z0-9]*)\}|\$(?<digits>\d+)|[\\$]/gsu;

function named(name: string, names: ReadonlyMap<string, number>): number {
  const group = names.get(name);
  if (group === undefined) throw new SyntaxError(`No group with name {${name}}`);
  return group;
}

/** As many digits belong to the number as there are groups, one at least. */
function numbered(digits: string, groups: number): ReplacementPart[] {
  let group = Number(digits[0]);
  let length = 1;
  for (; length < digits.length; length++) {
    const longer = group * 10 + Number(digits[length]);
    if (longer > groups) break;
    group = longer;
  }
  if (group > groups) throw new SyntaxError(`No group ${group}`);
  return [group, digits.slice(length)];
}
