import { type CharSet, intersection, negate, union, withOtherCase } from './char-set.ts';
import { type Cursor, isSpace } from './cursor.ts';
import { takeClass, takeEscapedChar } from './escapes.ts';

const MAX_DEPTH = 50;

/** Consumes a class from after its `[` to its `]`. As in Java, unions bind tighter than intersections, then negation. */
export function takeCharClass(cursor: Cursor, depth = 0): CharSet {
  if (depth > MAX_DEPTH) throw new SyntaxError(`Character classes are nested deeper than ${MAX_DEPTH} levels`);
  const negated = cursor.take('^');
  let result: CharSet | undefined;
  do {
    const operand = takeOperand(cursor, result === undefined, depth);
    result = cursor.spend(result === undefined ? operand : intersection(result, operand));
  } while (cursor.take('&&'));
  if (!cursor.take(']')) throw new SyntaxError('Unclosed character class');
  return negated ? negate(result) : result;
}

/** Consumes one operand of `&&`. Throws SyntaxError for syntax that Java interprets in a surprising way. */
function takeOperand(cursor: Cursor, isFirst: boolean, depth: number): CharSet {
  const sets: CharSet[] = [];
  let simpleAfterNested = false;
  let hasNested = false;
  for (;;) {
    cursor.skipComments();
    if (cursor.done) throw new SyntaxError('Unclosed character class');
    const isEnd = cursor.peek() === ']' && (sets.length > 0 || !isFirst);
    const isIntersection = cursor.peek() === '&' && cursor.peek(1) === '&';
    if (isEnd || isIntersection) {
      if (sets.length === 0) throw new SyntaxError('An operand of && is missing in a character class');
      if (isIntersection && !isFirst && simpleAfterNested)
        throw new SyntaxError(
          'Characters between ] and && in a character class are not supported: put them into brackets',
        );
      return union(...sets);
    }
    if (cursor.peek() === '&' && (!isFirst || (cursor.flags.comments && isSpace(cursor.peek(1)))))
      throw new SyntaxError('A single & in a character class is not supported: write \\&');
    if (cursor.take('[')) {
      sets.push(takeCharClass(cursor, depth + 1));
      hasNested = true;
    } else {
      sets.push(takeItem(cursor));
      simpleAfterNested ||= hasNested;
    }
  }
}

/** Consumes a character, a range or a class such as `\d`. */
function takeItem(cursor: Cursor): CharSet {
  const isEscape = cursor.take('\\');
  const set = isEscape ? takeClass(cursor) : undefined;
  if (set !== undefined) return set;
  const first = isEscape ? takeEscapedChar(cursor) : codeOf(cursor.next());
  const range: CharSet = [first, takeRangeEnd(cursor) ?? first];
  if ((range[1] as number) < first) throw new SyntaxError('Illegal character range');
  return cursor.flags.ignoreCase ? withOtherCase(range) : range;
}

/** Consumes `-z`. A hyphen before a bracket is a literal character. */
function takeRangeEnd(cursor: Cursor): number | undefined {
  if (cursor.skipComments() && cursor.peek() === '-')
    throw new SyntaxError('White space before a hyphen in a character class is not supported');
  const next = cursor.peek(1);
  if (cursor.peek() !== '-' || next === ']' || next === '[') return undefined;
  if (cursor.flags.comments && (isSpace(next) || next === '#'))
    throw new SyntaxError('White space after a hyphen in a character class is not supported');
  cursor.next();
  if (!cursor.take('\\')) return codeOf(cursor.next());
  if (takeClass(cursor) !== undefined) throw new SyntaxError('Illegal character range');
  return takeEscapedChar(cursor);
}

const codeOf = (char: string): number => char.codePointAt(0) as number;
