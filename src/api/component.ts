/** Connect's ConfigDef types. */
export type ConfigType = 'BOOLEAN' | 'STRING' | 'INT' | 'SHORT' | 'LONG' | 'DOUBLE' | 'LIST' | 'CLASS' | 'PASSWORD';

/** What /connector-plugins/{p}/config tells of one key. */
export interface ConfigKeyInfo {
  readonly name: string;
  readonly type: ConfigType;
  readonly required: boolean;
  /** As text, as Connect shows it; null where there is none. */
  readonly defaultValue: string | null;
  readonly importance: 'HIGH' | 'MEDIUM' | 'LOW';
  readonly documentation: string;
  readonly group: string | null;
  readonly orderInGroup: number;
  readonly width: 'NONE' | 'SHORT' | 'MEDIUM' | 'LONG';
  readonly displayName: string;
  readonly dependents: readonly string[];
  readonly recommended: readonly string[];
  /** Names that the key had in earlier versions; they work as well. */
  readonly formerNames?: readonly string[];
}

/** Configuration as Connect's JSON has it. A missing key and a null are the same. */
export type ConfigProps = Readonly<Record<string, string | null | undefined>>;

/** A component's one description of its configuration: type, defaults, documentation, validation. */
export interface ConfigSpec<C> {
  readonly keys: readonly ConfigKeyInfo[];
  /**
   * Reads the keys that the spec knows and leaves others alone. `errors` holds messages by key, empty where all is
   * well; `config` is there just then. Never throws.
   */
  check(props: ConfigProps): ConfigCheck<C>;
}

export interface ConfigCheck<C> {
  readonly config: C | undefined;
  readonly errors: ReadonlyMap<string, readonly string[]>;
  /** Each key's value as text, defaults filled in; null where there is none or it cannot be read. Passwords are hidden. */
  readonly values: ReadonlyMap<string, string | null>;
  /** By key: about what is valid and probably not meant. Those of transforms are logged when a task starts. */
  readonly warnings?: ReadonlyMap<string, string>;
}

/** Structured log lines; never a secret or a record's content. */
export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
