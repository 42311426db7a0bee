import type { ServiceName, Starters } from '../types.ts';
import { startNativeElasticsearch } from './elasticsearch.ts';
import { locateElasticsearch } from './elasticsearch-program.ts';
import { startNativeKafka } from './kafka.ts';
import { locateKafka } from './kafka-program.ts';
import { startNativeMariadb } from './mariadb.ts';
import { locateMariadb } from './mariadb-program.ts';
import { startNativePostgres } from './postgres.ts';
import { locatePostgres } from './postgres-program.ts';
import { startNativeTemporal } from './temporal.ts';
import { locateTemporal } from './temporal-program.ts';

/** Functions that return a starter for a program of this machine, or a sentence about what is missing. */
export const locateNative: { readonly [K in ServiceName]: () => Promise<Starters[K] | string> } = {
  async elasticsearch() {
    const program = await locateElasticsearch();
    if (typeof program === 'string') return program;
    return async options => startNativeElasticsearch(await program(options.log), options);
  },
  async kafka() {
    const program = await locateKafka();
    if (typeof program === 'string') return program;
    return async options => startNativeKafka(await program(options.log), options);
  },
  async mariadb() {
    const program = await locateMariadb();
    if (typeof program === 'string') return program;
    return options => startNativeMariadb(program, options);
  },
  async postgres() {
    const program = await locatePostgres();
    if (typeof program === 'string') return program;
    return options => startNativePostgres(program, options);
  },
  async temporal() {
    const program = await locateTemporal();
    if (typeof program === 'string') return program;
    return async options => startNativeTemporal(await program(options.log), options);
  },
};
