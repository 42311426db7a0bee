/** The level of transaction.isolation.mode in SQL; undefined for the database's own. */
export function isolationLevel(mode: string): string | undefined {
  if (mode === 'DEFAULT') return undefined;
  return mode.replace('COMMITED', 'COMMITTED').replaceAll('_', ' ');
}
