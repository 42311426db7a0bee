// Checks the subject of the commit message in a file, for the commit-msg hook: `scope: imperative`, at most 72 characters.
import { readFileSync } from 'node:fs';

const MAX_LENGTH = 72;
const generated = /^(Merge |Revert "|fixup! |squash! |amend! )/;
/** One scope: a folder or a component. */
const form = /^[a-z0-9][\w./-]*: (.+)$/;
const thirdPerson = /^(adds|changes|checks|fixes|keeps|makes|moves|names|removes|renames|uses|updates)\b/i;
const participle = /^(?!(bring|embed|exceed|feed|need|seed|speed|string)\b)\w+(ed|ing)\b/i;

function problemOf(subject) {
  if (generated.test(subject)) return undefined;
  if (subject.length > MAX_LENGTH) return `it has ${subject.length} characters; at most ${MAX_LENGTH} are allowed`;
  const action = form.exec(subject)?.[1];
  if (action === undefined) return 'it has no scope, or several; write for example "kafka: close idle connections"';
  if (thirdPerson.test(action) || participle.test(action)) return 'write the imperative: "add", not "adds" or "added"';
  if (action.endsWith('.')) return 'it ends with a full stop';
  return undefined;
}

const subject = readFileSync(process.argv[2], 'utf8').split('\n', 1)[0].trimEnd();
const problem = problemOf(subject);
if (problem !== undefined) {
  process.stderr.write(
    `The subject of the commit is not valid: ${problem}.\n  ${subject}\nSee "Commits" in CONTRIBUTING.md.\n`,
  );
  process.exitCode = 1;
}
