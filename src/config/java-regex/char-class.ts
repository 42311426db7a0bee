import { type CharSet, intersection, negate, union, withOtherCase } from './char-set.ts';
import { type Cursor, isSpace } from './cursor.ts';
import { takeClass, takeEscapedChar } from './escapes.ts';

const MOST_DEPTH = 50;

/** Takes a class from after its `[` up to its `]`. Java's order: unions, then intersections, then the negation. */
export function takeCharClass(cursor: Cursor, depth = 0): CharSet {
  if (depth > MOST_DEPTH) throw new SyntaxError(`Character classes are nested deeper than ${MOST_DEPTH} levels`);
  const negated = cursor.take('^');
  let whole: CharSet | undefined;
  do {
    const operand = takeOperand(cursor, whole === undefined, depth);
    whole = cursor.spend(whole === undefined ? operand : intersection(whole, operand));
  } while (cursor.take('&&'));
  if (!cursor.take(']')) throw new SyntaxError('Unclosed character class');
  return negated ? negate(whole) : whole;
}

/** Takes what stands on one side of `&&`. What Java takes in a surprising way is refused. */
function takeOperand(cursor: Cursor, isFirst: boolean, depth: number): CharSet {
  const sets: CharSet[] = [];
  let simpleAfterNested = false;
  let nested = false;
  for (;;) {
    cursor.skipComments();
    if (cursor.done) throw new SyntaxError('Unclosed character class');
    const isEnd = cursor.peek() === ']' && (sets.length > 0 || !isFirst);
    const isIntersection = cursor.peek() === '&' && cursor.peek(1) === '&';
    if (isEnd || isIntersection) {
      if (sets.length === 0) throw new SyntaxError('Nothing stands on one side of && in a character class');
      if (isIntersection && !isFirst && simpleAfterNested)
        throw new SyntaxError('Characters stand between ] and && in a character class: put them into brackets');
      return union(...sets);
    }
    if (cursor.peek() === '&' && (!isFirst || (cursor.flags.comments && isSpace(cursor.peek(1)))))
      throw new SyntaxError('A single & stands in a character class: write \\&');
    if (cursor.take('[')) {
      sets.push(takeCharClass(cursor, depth + 1));
      nested = true;
    } else {
      sets.push(takeItem(cursor));
      simpleAfterNested ||= nested;
    }
  }
}

/** A character, a range or a class such as `\d`. */
function takeItem(cursor: Cursor): CharSet {
  const isEscape = cursor.take('\\');
  const set = isEscape ? takeClass(cursor) : undefined;
  if (set !== undefined) return set;
  const first = isEscape ? takeEscapedChar(cursor) : codeOf(cursor.next());
  const range: CharSet = [first, takeRangeEnd(cursor) ?? first];
  if ((range[1] as number) < first) throw new SyntaxError('Illegal character range');
  return cursor.flags.ignoreCase ? withOtherCase(range) : range;
}

/** Takes `-z`. A hyphen before a bracket stands for itself. */
function takeRangeEnd(cursor: Cursor): number | undefined {
  if (cursor.skipComments() && cursor.peek() === '-')
    throw new SyntaxError('White space stands before a hyphen in a character class');
  const next = cursor.peek(1);
  if (cursor.peek() !== '-' || next === ']' || next === '[') return undefined;
  if (cursor.flags.comments && (isSpace(next) || next === '#'))
    throw new SyntaxError('White space stands after a hyphen in a character class');
  cursor.next();
  if (!cursor.take('\\')) return codeOf(cursor.next());
  if (takeClass(cursor) !== undefined) throw new SyntaxError('Illegal character range');
  return takeEscapedChar(cursor);
}

const codeOf = (char: string): number => char.codePointAt(0) as number;
