/** SQL isolation level of transaction.isolation.mode; undefined for the database's default. */
export function isolationLevel(mode: string): string | undefined {
  if (mode === 'DEFAULT') return undefined;
  return mode.replace('COMMITED', 'COMMITTED').replaceAll('_', ' ');
}
