import { test } from 'vitest';
import { typeDefinitions } from '../../support/generate/columns.ts';
import { generator } from '../../support/generate/index.ts';
import { roundTrip } from '../../support/round-trip.ts';
import { TableCopies } from '../../support/table-copy.ts';

const draw = generator(import.meta.url);

/** More rounds: test/soak/round-trip.test.ts. */
test('columns of every type arrive equal', async () => {
  await using copies = await TableCopies.start('round_trip');
  await copies.source.query(typeDefinitions);
  for (const round of [1, 2]) await roundTrip(draw, copies, round);
});
