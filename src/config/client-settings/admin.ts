import { onlyValues, type SettingRule } from './rule.ts';
import { sharedSettings } from './shared-settings.ts';

/** `admin.override.*` and the worker's `admin.*`. */
export const admin: Readonly<Record<string, SettingRule>> = {
  ...sharedSettings,
  'bootstrap.controllers': onlyValues([''], 'topics are created through brokers; set bootstrap.servers instead'),
  'default.api.timeout.ms': onlyValues(['60000'], 'the timeout of calls is request.timeout.ms; set that instead'),
  'metadata.max.age.ms': onlyValues(['300000'], 'metadata is requested with each call; remove it'),
  retries: onlyValues(['2147483647'], 'calls are retried until request.timeout.ms; set that instead'),
};
