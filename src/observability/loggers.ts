import type { Logger } from 'pino';
import type { Log } from '../api/component.ts';
import { loggersOfJava } from './java-loggers.ts';

/** Levels by Java's names, as Connect's /admin/loggers has them, and pino's. */
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
/** Names that exist only because a level was set for them. */
const MOST_REQUESTED = 1000;
const LONGEST_NAME = 249;

/**
 * The loggers of this process by name. Names are paths with dots (`rest`, `connector.orders`); setting the level of one
 * sets those below it, and `root` stands above all; that of a Java class sets the logger of the same work. A logger made later takes the level of the nearest one above it.
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

  /** The reason why no level can be set for a name; undefined where one can. */
  refusal(name: string): string | undefined {
    if (this.#named.has(name)) return undefined;
    if (name.length > LONGEST_NAME) return `The name of a logger has at most ${LONGEST_NAME} characters.`;
    if (this.#requested < MOST_REQUESTED) return undefined;
    return `Levels were set for ${MOST_REQUESTED} loggers that do not exist: no further one is made. GET /admin/loggers lists those that do.`;
  }

  /** Sets a level and answers the loggers that it changed; none for a name that is refused. */
  set(name: string, level: Level): string[] {
    if (this.refusal(name) !== undefined) return [];
    this.#observers.told?.(name, level);
    return this.follow(name, level);
  }

  /** Sets a level that was set elsewhere. */
  follow(name: string, level: Level): string[] {
    if (this.refusal(name) !== undefined) return [];
    this.#observers.changed?.(name, level);
    if (!this.#named.has(name)) this.#requested++;
    this.#entry(name);
    const changed: string[] = [];
    const meant = [name, ...loggersOfJava(name)];
    for (const [known, entry] of this.#named) {
      if (!meant.some(one => isAt(known, one)) || entry.logger.level === levels[level]) continue;
      entry.logger.level = levels[level];
      entry.modified = Date.now();
      changed.push(known);
    }
    return changed.sort();
  }

  #entry(name: string) {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    const made = { logger: this.#root.child({ logger: name }, { level: this.#levelAbove(name) }), modified: null };
    this.#named.set(name, made);
    return made;
  }

  #levelAbove(name: string): string {
    for (let end = name.lastIndexOf('.'); end > 0; end = name.lastIndexOf('.', end - 1)) {
      const above = this.#named.get(name.slice(0, end));
      if (above !== undefined) return above.logger.level;
    }
    return this.#root.level;
  }
}

/** Whether a name is `above` or below it. */
const isAt = (name: string, above: string): boolean => above === ROOT || name === above || name.startsWith(`${above}.`);

const depth = (name: string): number => (name === ROOT ? 0 : name.split('.').length);

const levelNow = (logger: Logger, modified: number | null): LoggerLevel => ({
  level: (Object.keys(levels) as Level[]).find(level => levels[level] === logger.level) ?? 'INFO',
  last_modified: modified,
});
