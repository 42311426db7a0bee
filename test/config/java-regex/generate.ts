import type { Seeded } from '../../support/seed.ts';

export interface Case {
  readonly pattern: string;
  readonly ignoreCase: boolean;
  readonly text: string;
  readonly replacement: string;
}

const words = (text: string): string[] => text.split(' ').filter(word => word !== '');

const atoms = words(
  String.raw`a b A - \. . \d \w \W \s \S [a-c] [^a] [a-z&&[^b]] [\w-.] [a-c&&b-d] [^a-c&&[ab]] []a] [a&]
  [\p{Upper}\d] \p{Lower} \P{Alpha} \x41 \u0061 \061 \h \v \R \Qa.\E \Q*\E é 1 _ \p{L} \pL [b-] [--a] \- \t [a[b-c]]
  [^[ab]c] \p{IsAlphabetic} \p{Punct} / # a b`.replaceAll('\n', ' '),
);
const edges = words(String.raw`^ $ \b \B \A \z \Z`);
const quantifiers = words('* + ? *? +? ?? {2} {1,2} {0,2}? {1,} {2,}? *+ ++ ?+ {1,2}+');
const openers = words('( ( ( ( (?: (?= (?! (?<= (?<! (?> (?i:');
const flags = words('(?i) (?s) (?m) (?x) (?-i) (?d)');
const fragments = [
  ...words(
    String.raw`( ) | [ ] [^ && & - { } \ \Q \E (?: \1 \k<n> (?<n> \c \x \x{61} \0 \u \p \p{Lu} \N \X \G \e \_ (?u) (?- \8`,
  ),
  ' ',
  '\n',
];
const pieces = [...'abABc-.1_é *#&]', '\n', '\r', '\r\n', ...'abaabab', 'ab', 'aab'];
const replacements = words(`$1 $0 $1 x \\$ $2 $\{n} $10 $ \\ y <$0>`);

const TEXTS = 3;
const LONGEST = 60;

/** Valid patterns and random sequences of their parts, each with several texts. */
export function generateCases(random: Seeded, count: number): Case[] {
  const cases: Case[] = [];
  const generator = new Generator(random);
  while (cases.length < count) {
    const pattern = random.next() < 0.3 ? generator.soup() : generator.choice(3);
    if (pattern.length > LONGEST) continue;
    const ignoreCase = random.next() < 0.3;
    const replacement = generator.several(replacements, 3);
    for (let i = 0; i < TEXTS; i++)
      cases.push({ pattern, ignoreCase, text: generator.several(pieces, 7), replacement });
  }
  return cases;
}

class Generator {
  readonly #random: Seeded;

  constructor(random: Seeded) {
    this.#random = random;
  }

  several(list: readonly string[], most: number): string {
    return Array.from({ length: this.#random.between(0, most) }, () => this.#one(list)).join('');
  }

  soup(): string {
    return this.several([...atoms, ...edges, ...quantifiers, ...openers, ...flags, ...fragments], 8);
  }

  choice(depth: number): string {
    const options = [this.#sequence(depth)];
    while (this.#random.next() < 0.2) options.push(this.#random.next() < 0.2 ? '' : this.#sequence(depth));
    return options.join('|');
  }

  #sequence(depth: number): string {
    return Array.from({ length: this.#random.between(1, 4) }, () => {
      const item = this.#item(depth);
      return this.#random.next() < 0.3 ? item + this.#one(quantifiers) : item;
    }).join('');
  }

  #item(depth: number): string {
    const kind = this.#random.next();
    if (kind < 0.05) return this.#one(edges);
    if (kind < 0.1) return this.#one(flags);
    if (kind < 0.15) return this.#one(['\\1', '\\2', '\\1']);
    if (depth > 0 && kind < 0.45) return `${this.#one(openers)}${this.choice(depth - 1)})`;
    return this.#one(atoms);
  }

  #one(list: readonly string[]): string {
    return list[this.#random.between(0, list.length)] as string;
  }
}
