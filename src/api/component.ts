/** Connect's ConfigDef types. */
export type ConfigType = 'BOOLEAN' | 'STRING' | 'INT' | 'SHORT' | 'LONG' | 'DOUBLE' | 'LIST' | 'CLASS' | 'PASSWORD';

/** Description of one configuration key, as GET /connector-plugins/{plugin}/config returns it. */
export interface ConfigKeyInfo {
  readonly name: string;
  readonly type: ConfigType;
  readonly required: boolean;
  /** Default as text, in Connect's form; null without one. */
  readonly defaultValue: string | null;
  readonly importance: 'HIGH' | 'MEDIUM' | 'LOW';
  readonly documentation: string;
  readonly group: string | null;
  readonly orderInGroup: number;
  readonly width: 'NONE' | 'SHORT' | 'MEDIUM' | 'LONG';
  readonly displayName: string;
  readonly dependents: readonly string[];
  readonly recommended: readonly string[];
  /** Names of the key in earlier versions, which still work. */
  readonly formerNames?: readonly string[];
}

/** Configuration in Connect's JSON form. A missing key and a null are equivalent. */
export type ConfigProps = Readonly<Record<string, string | null | undefined>>;

/** Declaration of a component's configuration: types, defaults, documentation and validation. */
export interface ConfigSpec<C> {
  readonly keys: readonly ConfigKeyInfo[];
  /**
   * Reads the keys of the spec and ignores others. `config` is defined if and only if no key has errors. Never throws.
   */
  check(props: ConfigProps): ConfigCheck<C>;
}

export interface ConfigCheck<C> {
  readonly config: C | undefined;
  /** Messages by key; an empty list or no entry for a valid key. */
  readonly errors: ReadonlyMap<string, readonly string[]>;
  /** Values as text by key, including defaults; null without a value and for an invalid one. Passwords are hidden. */
  readonly values: ReadonlyMap<string, string | null>;
  /** Warnings by key about valid, probably unintended values. Those of transforms are logged when a task starts. */
  readonly warnings?: ReadonlyMap<string, string>;
}

/** Structured log. Messages and fields must not contain secrets or the content of records. */
export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
