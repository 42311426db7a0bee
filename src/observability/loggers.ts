import type { Logger } from 'pino';
import type { Log } from '../api/component.ts';
import { loggersForJavaName } from './java-loggers.ts';

/** pino's levels by their names in Java, which Kafka Connect's /admin/loggers uses. */
const levels = {
  OFF: 'silent',
  FATAL: 'fatal',
  ERROR: 'error',
  WARN: 'warn',
  INFO: 'info',
  DEBUG: 'debug',
  TRACE: 'trace',
  ALL: 'trace',
} as const;

export type Level = keyof typeof levels;

/** Parses the name of a level, in any case; undefined if there is none. */
export function levelOf(text: string): Level | undefined {
  const upper = text.toUpperCase();
  return Object.hasOwn(levels, upper) ? (upper as Level) : undefined;
}

export interface LoggerLevel {
  readonly level: Level;
  /** Milliseconds since 1970; null: not modified since the start. */
  readonly last_modified: number | null;
}

export interface LevelObservers {
  /** Called when a level is set in this process. */
  onSet?(name: string, level: Level): void;
  /** Called when a level is set in this process or in another one. */
  onChange?(name: string, level: Level): void;
}

const ROOT = 'root';
/** Limit of loggers that exist only because a level was set for them. */
const MAX_REQUESTED = 1000;
const MAX_NAME_LENGTH = 249;

/**
 * Loggers of this process by name. Names are dotted paths (`rest`, `connector.orders`). The level of a logger also applies to those
 * below it; `root` is above all. The level of a Java class applies to the logger of the same subject. A logger that is created
 * later inherits the level of the nearest one above it.
 */
export class Loggers {
  readonly #root: Logger;
  readonly #observers: LevelObservers;
  readonly #named = new Map<string, { readonly logger: Logger; modified: number | null }>();
  #requested = 0;

  constructor(root: Logger, observers: LevelObservers = {}) {
    this.#root = root;
    this.#observers = observers;
    this.#named.set(ROOT, { logger: root, modified: null });
  }

  /** Returns the logger of this name, always the same instance. Its log lines contain the name. */
  log(name: string): Log {
    return this.#entry(name).logger;
  }

  all(): Record<string, LoggerLevel> {
    const entries = [...this.#named].map(
      ([name, { logger, modified }]) => [name, currentLevel(logger, modified)] as const,
    );
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Levels of all loggers, parents first. */
  levels(): { readonly logger: string; readonly level: Level }[] {
    return Object.entries(this.all())
      .map(([logger, { level }]) => ({ logger, level }))
      .sort((a, b) => depth(a.logger) - depth(b.logger));
  }

  get(name: string): LoggerLevel | undefined {
    const entry = this.#named.get(name);
    return entry === undefined ? undefined : currentLevel(entry.logger, entry.modified);
  }

  /** Reason why no level can be set for a name; undefined if it can be set. */
  rejectionReason(name: string): string | undefined {
    if (this.#named.has(name)) return undefined;
    if (name.length > MAX_NAME_LENGTH) return `The name of a logger can have at most ${MAX_NAME_LENGTH} characters.`;
    if (this.#requested < MAX_REQUESTED) return undefined;
    return `Levels were set for ${MAX_REQUESTED} loggers that do not exist, which is the limit. GET /admin/loggers lists the existing loggers.`;
  }

  /** Sets a level. Returns the loggers that changed; [] for a name that is rejected. */
  set(name: string, level: Level): string[] {
    if (this.rejectionReason(name) !== undefined) return [];
    this.#observers.onSet?.(name, level);
    return this.follow(name, level);
  }

  /** Applies a level that was set in another process. */
  follow(name: string, level: Level): string[] {
    if (this.rejectionReason(name) !== undefined) return [];
    this.#observers.onChange?.(name, level);
    if (!this.#named.has(name)) this.#requested++;
    this.#entry(name);
    const changed: string[] = [];
    const targets = [name, ...loggersForJavaName(name)];
    for (const [existing, entry] of this.#named) {
      if (!targets.some(target => isSameOrBelow(existing, target)) || entry.logger.level === levels[level]) continue;
      entry.logger.level = levels[level];
      entry.modified = Date.now();
      changed.push(existing);
    }
    return changed.sort();
  }

  #entry(name: string) {
    const existing = this.#named.get(name);
    if (existing !== undefined) return existing;
    const entry = { logger: this.#root.child({ logger: name }, { level: this.#inheritedLevel(name) }), modified: null };
    this.#named.set(name, entry);
    return entry;
  }

  #inheritedLevel(name: string): string {
    for (let end = name.lastIndexOf('.'); end > 0; end = name.lastIndexOf('.', end - 1)) {
      const parent = this.#named.get(name.slice(0, end));
      if (parent !== undefined) return parent.logger.level;
    }
    return this.#root.level;
  }
}

/** True if `name` is `parent` or below it. */
const isSameOrBelow = (name: string, parent: string): boolean =>
  parent === ROOT || name === parent || name.startsWith(`${parent}.`);

const depth = (name: string): number => (name === ROOT ? 0 : name.split('.').length);

const currentLevel = (logger: Logger, modified: number | null): LoggerLevel => ({
  level: (Object.keys(levels) as Level[]).find(level => levels[level] === logger.level) ?? 'INFO',
  last_modified: modified,
});
