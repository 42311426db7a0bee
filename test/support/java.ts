import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../src/stack/process/commands.ts';

/**
 * Runs a Java source file once, and returns the line that it prints for each line of input. Throws without Java 17 or
 * later.
 */
export async function runJava(
  source: URL,
  lines: readonly string[],
  options: readonly string[] = [],
): Promise<string[]> {
  const program = await findProgram('java');
  if (program === undefined) throw new Error('this test needs Java 17 or later: apt-get install default-jdk-headless');
  const child = spawn(program, ['-XX:TieredStopAtLevel=1', ...options, fileURLToPath(source)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  // A program may end before it reads all input; its exit status explains why.
  child.stdin.on('error', () => {});
  child.stdin.end(`${lines.join('\n')}\n`);
  const answers = (await text(child.stdout)).replace(/\n$/, '').split('\n');
  const [status] = await exited;
  if (status !== 0 || answers.length !== lines.length)
    throw new Error(
      `${source.pathname} answered ${answers.length} of ${lines.length} lines and ended with status ${status}`,
    );
  return answers;
}

export const toBase64 = (plain: string): string => Buffer.from(plain).toString('base64');
