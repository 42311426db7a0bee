/** A rule of the language of code and documentation: see CONTRIBUTING.md and docs/glossary.md. */
export interface LanguageRule {
  readonly name: string;
  readonly reason: string;
  readonly in: readonly Part[];
  readonly pattern: RegExp;
  /** Text that the pattern finds although it is right. */
  readonly except?: RegExp;
}

/**
 * `opening`: the first words of a comment. `prose`: comments, text literals with a blank, paragraphs of documentation.
 * `code`: what remains of a source without comments and literals. `file`: a file's name without its extension.
 */
export type Part = 'opening' | 'prose' | 'code' | 'file';

export const languageRules: readonly LanguageRule[] = [
  {
    name: 'a comment that opens with a question word or a preposition',
    reason: 'start with a noun or a verb: "Records to decode before …", "Advances the offset …"',
    in: ['opening'],
    pattern: /^(What|How|Whether|Who|Whoever|Whose|Of|Where|As)\b/,
  },
  {
    name: '"behind" in place of "after"',
    reason: 'a lag is behind, and a server is behind a proxy; everything else comes after',
    in: ['prose'],
    pattern: /\bbehind\b/i,
    except:
      /\b(lags?|falls?|fallen|ms|milliseconds|seconds|far|bytes|records|is|are|runs) behind\b|\bbehind an? \w*\s?(proxy|balancer)\b|\blook-behind\b/gi,
  },
  { name: '"anew"', reason: 'write "again"', in: ['prose'], pattern: /\banew\b/i },
  {
    name: 'a program as a person',
    reason: 'name the program: the task, the client, the caller',
    in: ['prose'],
    pattern: /\b(whoever|whomever|nobody|somebody)\b/i,
  },
  {
    name: 'a program that talks',
    reason: 'a program returns, reports, logs, receives or shows',
    in: ['prose'],
    pattern: /\b(tells|told|hears|heard)\b/i,
  },
  {
    name: 'a name with a trailing underscore',
    reason: 'find the name that the field has for it',
    in: ['code'],
    pattern: /(?<![\w$])[A-Za-z$][\w$]*_(?![\w$])/,
  },
  {
    name: 'a participle or an adjective as a name',
    reason: 'a variable, a type or a function is named by a noun or a verb',
    in: ['code'],
    pattern:
      /\b(?:const|let|function|interface|type|class)\s+(?:kept|told|given|held|made|found|known|wanted|drawn|asked|meant|seen|gone|taken|written|named|usual|own)\b/i,
  },
  { name: 'private', reason: 'fields are #private', in: ['code'], pattern: /^\s*private\s+(?!constructor\b)/m },
  {
    name: 'a file that is named by a metaphor, or by nothing',
    reason: 'a file is named by the noun of its subject',
    in: ['file'],
    pattern:
      /^(carry|common|fits|fold|given|helpers?|keeper|kept-apart|layouts?|misc|news|own-server|prepared?|pulse|room|sampled|surface|troubles?|turns|utils?|verdicts?|world)$/,
  },
];

/** The parts of a source file or a page. path: from the top of the repository. */
export function partsOf(path: string, text: string): Readonly<Record<Part, readonly string[]>> {
  const file = [path.replace(/^.*\//, '').replace(/(\.test)?\.\w+$/, '')];
  if (path.endsWith('.md')) return { opening: [], prose: paragraphsOf(text), code: [], file: [] };
  const { comments, literals, code } = tokensOf(text);
  return {
    opening: comments,
    prose: [...comments, ...literals.filter(literal => literal.includes(' '))],
    code: [code],
    file,
  };
}

/** Violations of a file, a sentence each. */
export function languageErrors(path: string, text: string): string[] {
  const parts = partsOf(path, text);
  return languageRules.flatMap(({ name, reason, in: where, pattern, except }) =>
    where.flatMap(part =>
      parts[part].flatMap(piece => {
        const found = pattern.exec(except === undefined ? piece : piece.replace(except, ''));
        if (found === null) return [];
        const from = Math.max(0, found.index - 20);
        return [`${path}: ${name} (${reason}): ${piece.slice(from, found.index + 60).trim()}`];
      }),
    ),
  );
}

/** Paragraphs and table rows, without code. */
function paragraphsOf(page: string): string[] {
  return page
    .replace(/^(```|~~~)[\s\S]*?^\1/gm, '')
    .replace(/`[^`]*`/g, '``')
    .split(/\n{2,}|\n(?=\|)/);
}

const token =
  /(\/\*[\s\S]*?\*\/)|((?:^[ \t]*\/\/.*\n?)+)|(\/\/.*)|('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`)|((?<=[(,=:[!&|?{};\n]\s*)\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*)/gm;

/** Comments without their marks, text literals without their quotes, and the code without both. */
function tokensOf(source: string): { comments: string[]; literals: string[]; code: string } {
  const comments: string[] = [];
  const literals: string[] = [];
  const code = source.replace(token, (_all, block?: string, lines?: string, trailing?: string, literal?: string) => {
    const comment = block ?? lines ?? trailing;
    if (comment !== undefined) comments.push(comment.replace(/^\s*(\/\*\*?|\*\/|\*|\/\/)[ \t]?|\s*\*\/$/gm, '').trim());
    if (literal !== undefined) literals.push(literal.slice(1, -1));
    return lines === undefined ? ' ' : '\n';
  });
  return { comments, literals, code };
}
