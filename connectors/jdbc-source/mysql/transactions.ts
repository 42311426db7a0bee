/**
 * Whether the TRANSACTIONS part of SHOW ENGINE INNODB STATUS tells of one that has changed something, or runs a
 * statement that locks tables for it, and is `seconds` old or older. The server counts whole seconds, so one that is up
 * to a second younger counts too. information_schema.innodb_trx will not do: the server does not renew it for as long as
 * anybody asks for it more than ten times a second.
 */
export function writesSince(status: string, seconds: number): boolean {
  // What was not printed may be one of them.
  if (/\.\.\. truncated\.\.\.|SKIP LOCK INFO PRINTING/.test(status)) return true;
  for (const transaction of status.split('\n---TRANSACTION ').slice(1)) {
    const age = /^[^\n]*\bACTIVE (?:\(PREPARED\) )?(\d+) sec/.exec(transaction)?.[1];
    if (age === undefined || Number(age) < seconds - 1) continue;
    if (/\bundo log entries [1-9]|\btables in use \d+, locked [1-9]|\bACTIVE \(PREPARED\)/.test(transaction))
      return true;
  }
  return false;
}
