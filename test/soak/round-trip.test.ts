import { test } from 'vitest';
import { typeDefinitions } from '../support/generate/columns.ts';
import { generator } from '../support/generate/index.ts';
import { roundTrip } from '../support/round-trip.ts';
import { TableCopies } from '../support/table-copy.ts';

/** MILLRACE_ROUNDS: number of tables with a column of every type, each with random modes. */
const ROUNDS = Number(process.env['MILLRACE_ROUNDS'] ?? 100);
const draw = generator(import.meta.url);

test('columns of every type arrive equal', { timeout: 0 }, async () => {
  await using copies = await TableCopies.start('round_trip');
  await copies.source.query(typeDefinitions);
  for (let round = 1; round <= ROUNDS; round++) await roundTrip(draw, copies, round);
});
