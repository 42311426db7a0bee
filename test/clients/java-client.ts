import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../src/stack/process/commands.ts';
import { installOnce } from '../../src/stack/servers/install.ts';
import { fetchJars } from '../../src/stack/servers/maven.ts';
import { javaClient } from './packages.ts';
import { type Answer, Session } from './session.ts';

const { artifact, version } = javaClient;

/** The Java client in a process. Methods exchange JSON. */
export class JavaClient implements AsyncDisposable {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  /** login: user and password. */
  static async start(url: string, ...login: readonly string[]): Promise<JavaClient> {
    const [java, maven] = await Promise.all(['java', 'mvn'].map(program => findProgram(program)));
    if (java === undefined || maven === undefined)
      throw new Error('this test needs Java 17 or later and Maven: apt-get install default-jdk-headless maven');
    const libs = await installOnce(`clients/${artifact}-${version}`, folder => fetchJars(maven, folder, [javaClient]));
    const source = fileURLToPath(new URL('./programs/SourcelabSession.java', import.meta.url));
    const options = ['-XX:TieredStopAtLevel=1', '-Dfile.encoding=UTF-8', '-cp', join(libs, '*')];
    return new JavaClient(new Session(java, [...options, source, url, ...login]));
  }

  call<T = unknown>(method: string, ...args: readonly unknown[]): Promise<Answer<T>> {
    return this.#session.ask<T>({ method, args });
  }

  /** The result of a method; throws the method's exception. */
  async value<T = unknown>(method: string, ...args: readonly unknown[]): Promise<T> {
    const { error, message, result } = await this.call<T>(method, ...args);
    if (error !== undefined) throw new Error(`${method}: ${error}: ${message}`);
    return result as T;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#session[Symbol.asyncDispose]();
  }
}
