import type { Logger } from 'pino';
import type { Log } from '../api/component.ts';

/** Levels by Java's names, as Connect's /admin/loggers has them, and pino's. */
const levels = {
  OFF: 'silent',
  FATAL: 'fatal',
  ERROR: 'error',
  WARN: 'warn',
  INFO: 'info',
  DEBUG: 'debug',
  TRACE: 'trace',
} as const;

export type Level = keyof typeof levels;

/** The level of that name in any case; undefined where there is none. */
export function levelOf(text: string): Level | undefined {
  const upper = text.toUpperCase();
  return Object.hasOwn(levels, upper) ? (upper as Level) : undefined;
}

export interface LoggerLevel {
  readonly level: Level;
  /** Milliseconds since 1970; null: as it was at the start. */
  readonly last_modified: number | null;
}

export interface LevelObservers {
  /** Called for every level that is set in this process. */
  told?(name: string, level: Level): void;
  /** Called for every level that is set here or followed. */
  changed?(name: string, level: Level): void;
}

const ROOT = 'root';

/**
 * The loggers of this process by name. Names are paths with dots (`rest`, `connector.orders`); setting the level of one
 * sets those below it, and `root` stands above all. A logger made later takes the level of the nearest one above it.
 */
export class Loggers {
  readonly #root: Logger;
  readonly #observers: LevelObservers;
  readonly #named = new Map<string, { readonly logger: Logger; modified: number | null }>();

  constructor(root: Logger, observers: LevelObservers = {}) {
    this.#root = root;
    this.#observers = observers;
    this.#named.set(ROOT, { logger: root, modified: null });
  }

  /** The logger of that name: the same each time. Its lines carry the name. */
  log(name: string): Log {
    return this.#entry(name).logger;
  }

  all(): Record<string, LoggerLevel> {
    const entries = [...this.#named].map(([name, { logger, modified }]) => [name, levelNow(logger, modified)] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Every logger's level, those above others first. */
  levels(): { readonly logger: string; readonly level: Level }[] {
    return Object.entries(this.all())
      .map(([logger, { level }]) => ({ logger, level }))
      .sort((a, b) => depth(a.logger) - depth(b.logger));
  }

  get(name: string): LoggerLevel | undefined {
    const found = this.#named.get(name);
    return found === undefined ? undefined : levelNow(found.logger, found.modified);
  }

  /** Sets a level and answers the loggers that it changed. */
  set(name: string, level: Level): string[] {
    this.#observers.told?.(name, level);
    return this.follow(name, level);
  }

  /** Sets a level that was set elsewhere. */
  follow(name: string, level: Level): string[] {
    this.#observers.changed?.(name, level);
    this.#entry(name);
    const changed: string[] = [];
    for (const [known, entry] of this.#named) {
      if (!isAt(known, name) || entry.logger.level === levels[level]) continue;
      entry.logger.level = levels[level];
      entry.modified = Date.now();
      changed.push(known);
    }
    return changed.sort();
  }

  #entry(name: string) {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    const above = [...this.#named.keys()].filter(one => isAt(name, one)).sort((a, b) => depth(b) - depth(a))[0] ?? ROOT;
    const level = this.#named.get(above)?.logger.level ?? this.#root.level;
    const made = { logger: this.#root.child({ logger: name }, { level }), modified: null };
    this.#named.set(name, made);
    return made;
  }
}

/** Whether a name is `above` or below it. */
const isAt = (name: string, above: string): boolean => above === ROOT || name === above || name.startsWith(`${above}.`);

const depth = (name: string): number => (name === ROOT ? 0 : name.split('.').length);

const levelNow = (logger: Logger, modified: number | null): LoggerLevel => ({
  level: (Object.keys(levels) as Level[]).find(level => levels[level] === logger.level) ?? 'INFO',
  last_modified: modified,
});
