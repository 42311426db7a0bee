import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../process/commands.ts';

/** A library in Maven's registry. */
export interface Artifact {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
}

/** Downloads libraries and their runtime dependencies to a folder. */
export async function fetchJars(maven: string, folder: string, artifacts: readonly Artifact[]): Promise<void> {
  const pom = join(folder, 'pom.xml');
  await writeFile(pom, projectWith(artifacts));
  await run(maven, [
    '--batch-mode',
    '--quiet',
    `--file=${pom}`,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${folder}`,
  ]);
}

const projectWith = (artifacts: readonly Artifact[]): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId>
  <artifactId>servers</artifactId>
  <version>1</version>
  <dependencies>
${artifacts
  .map(
    ({ group, artifact, version }) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>\n`,
  )
  .join('')}  </dependencies>
</project>
`;
