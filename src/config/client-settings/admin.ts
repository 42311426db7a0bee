import { only, type Rule } from './rule.ts';
import { common } from './shared-settings.ts';

/** `admin.override.*` and the worker's `admin.*`. */
export const admin: Readonly<Record<string, Rule>> = {
  ...common,
  'bootstrap.controllers': only([''], 'topics are created through brokers; set bootstrap.servers instead'),
  'default.api.timeout.ms': only(['60000'], 'calls have request.timeout.ms; set that instead'),
  'metadata.max.age.ms': only(['300000'], 'metadata is asked for with each call; remove it'),
  retries: only(['2147483647'], 'calls are repeated until request.timeout.ms; set that instead'),
};
