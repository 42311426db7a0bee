/**
 * True if the TRANSACTIONS section of SHOW ENGINE INNODB STATUS lists a transaction that has made changes, or runs a
 * statement that locks tables for them, and is at least `seconds` old. The server counts whole seconds, so transactions up
 * to a second younger are included. information_schema.innodb_trx is unsuitable: its content does not change while it is
 * queried more than ten times a second.
 */
export function hasWriterSince(status: string, seconds: number): boolean {
  // Omitted output may contain such a transaction.
  if (/\.\.\. truncated\.\.\.|SKIP LOCK INFO PRINTING/.test(status)) return true;
  for (const transaction of status.split('\n---TRANSACTION ').slice(1)) {
    const age = /^[^\n]*\bACTIVE (?:\(PREPARED\) )?(\d+) sec/.exec(transaction)?.[1];
    if (age === undefined || Number(age) < seconds - 1) continue;
    if (/\bundo log entries [1-9]|\btables in use \d+, locked [1-9]|\bACTIVE \(PREPARED\)/.test(transaction))
      return true;
  }
  return false;
}
