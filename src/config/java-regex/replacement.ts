import type { JavaSyntax } from './syntax.ts';

/** Literal text, or the number of a group to insert. */
export type ReplacementPart = string | number;

/** Parses a replacement like `Matcher.replaceFirst`. Throws SyntaxError. */
export function parseReplacement(text: string, { groups, names }: JavaSyntax): ReplacementPart[] {
  const parts: ReplacementPart[] = [];
  for (const { groups: groupTexts } of text.matchAll(replacementSyntax)) {
    const { plain, escaped, name, digits } = groupTexts as Partial<Record<string, string>>;
    if (plain !== undefined) parts.push(plain);
    else if (escaped !== undefined) parts.push(escaped);
    else if (name !== undefined) parts.push(groupNamed(name, names));
    else if (digits !== undefined) parts.push(...groupNumbered(digits, groups));
    else throw new SyntaxError('Illegal group reference: a $ or a backslash at the end; write \\$ for a dollar sign');
  }
  return parts;
}

const replacementSyntax = /(?<plain>[^\\$]+)|\\(?<escaped>.)|\$\{(?<name>[A-Za-z0-9]*)\}|\$(?<digits>\d+)|[\\$]/gsu;

function groupNamed(name: string, names: ReadonlyMap<string, number>): number {
  const group = names.get(name);
  if (group === undefined) throw new SyntaxError(`No group with name {${name}}`);
  return group;
}

/** The group number is the longest prefix of the digits, at least one, that is the number of a group. */
function groupNumbered(digits: string, groups: number): ReplacementPart[] {
  let group = Number(digits[0]);
  let length = 1;
  for (; length < digits.length; length++) {
    const candidate = group * 10 + Number(digits[length]);
    if (candidate > groups) break;
    group = candidate;
  }
  if (group > groups) throw new SyntaxError(`No group ${group}`);
  return [group, digits.slice(length)];
}
