/** Limits of the size of sources: files and functions in lines, folders in source files. */
export const LIMITS = { file: 300, function: 60, folder: 16 } as const;

export interface LongFunction {
  readonly name: string;
  /** Number of its first line, from 1. */
  readonly line: number;
  readonly lines: number;
}

const header =
  /^(?<indent>\s*)(?:export )?(?:default )?(?:(?:async )?function\*? (?<name>\w+)|(?:static )?(?:async )?\*?(?:get |set )?(?<method>#?\w+)(?:<.*>)?\((?!.*;$)|(?:const|let) (?<arrow>\w+) = (?:async )?(?:\(|\w+ =>))/;
const statement = /^\s*(?:if|for|while|switch|catch|return|await|throw|super|new|do|else)\b/;

/** Functions and methods of a formatted source with a block and more than `limit` lines. */
export function longFunctions(source: string, limit: number = LIMITS.function): LongFunction[] {
  const lines = source.split('\n');
  return lines.flatMap((line, start) => {
    const match = header.exec(line);
    if (match?.groups === undefined || statement.test(line)) return [];
    const { indent = '', name, method, arrow } = match.groups;
    const closes = (each: string): boolean => each.startsWith(`${indent}}`) || each.startsWith(`${indent})`);
    const opening = lines.slice(start, start + 20).findIndex(each => each.endsWith('{'));
    // The header ends in its first line, or in one that closes its parameters; else the function has no block.
    if (opening < 0 || (opening > 0 && !closes(lines[start + opening] as string))) return [];
    if (lines.slice(start, start + opening).some(each => /[;}]$/.test(each))) return [];
    const length = lines.slice(start + opening + 1).findIndex(each => each.startsWith(`${indent}}`)) + opening + 2;
    return length > limit ? [{ name: name ?? method ?? arrow ?? '', line: start + 1, lines: length }] : [];
  });
}
