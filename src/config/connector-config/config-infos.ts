import type { ConfigKeyInfo, ConfigProps, ConfigSpec } from '../../api/component.ts';
import { Redaction } from '../secrets/redaction.ts';

/** Connect's ConfigKeyInfo, as in REST answers. */
export interface KeyDefinition {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default_value: string | null;
  readonly importance: string;
  readonly documentation: string;
  readonly group: string | null;
  readonly order_in_group: number;
  readonly width: string;
  readonly display_name: string;
  readonly dependents: readonly string[];
}

export interface KeyValue {
  readonly name: string;
  readonly value: string | null;
  readonly recommended_values: readonly string[];
  readonly errors: readonly string[];
  readonly visible: boolean;
}

/** Connect's ConfigInfos: the answer of /connector-plugins/{plugin}/config/validate. */
export interface ConfigInfos {
  readonly name: string;
  readonly error_count: number;
  readonly groups: readonly string[];
  readonly configs: readonly { readonly definition: KeyDefinition; readonly value: KeyValue }[];
}

export function keyDefinition(key: ConfigKeyInfo): KeyDefinition {
  return {
    name: key.name,
    type: key.type,
    required: key.required,
    default_value: key.defaultValue,
    importance: key.importance,
    documentation: key.documentation,
    group: key.group,
    order_in_group: key.orderInGroup,
    width: key.width,
    display_name: key.displayName,
    dependents: key.dependents,
  };
}

/** Redaction of secret values and messages. */
export interface RedactionOptions {
  /** Configuration with unresolved placeholders, which are shown instead of the resolved values. Default: `props`. */
  readonly original?: ConfigProps;
  /** Texts to redact in values and messages. */
  readonly secrets?: readonly string[];
}

interface Entry {
  readonly definition: KeyDefinition;
  readonly value: string | null;
  readonly recommended: readonly string[];
  readonly visible: boolean;
  readonly errors: string[];
}

/** Collects definitions, values and errors of all keys, in the order in which they are shown. */
export class ConfigInfosBuilder {
  readonly #props: ConfigProps;
  readonly #original: ConfigProps;
  readonly #redaction: Redaction;
  readonly #entries = new Map<string, Entry>();
  readonly #groups = new Set<string>();

  constructor(props: ConfigProps, { original, secrets = [] }: RedactionOptions) {
    this.#props = props;
    this.#original = original ?? props;
    this.#redaction = new Redaction(secrets);
  }

  /** Checks `props` with a spec whose keys have a prefix in the full configuration. Returns undefined if it is invalid. */
  addSpec<C>(
    spec: ConfigSpec<C>,
    props: ConfigProps,
    {
      prefix = '',
      definition = keyDefinition,
      message = text => text,
    }: {
      readonly prefix?: string;
      readonly definition?: (key: ConfigKeyInfo) => KeyDefinition;
      readonly message?: (text: string) => string;
    } = {},
  ): C | undefined {
    const { config, errors, values } = spec.check(props);
    for (const key of spec.keys) {
      const keyInfo = definition(key);
      const checkedValue = values.get(key.name) ?? null;
      const isSet = [key.name, ...(key.formerNames ?? [])].some(name => props[name] !== undefined);
      const value = isSet ? checkedValue : (keyInfo.default_value ?? checkedValue);
      this.define({ ...keyInfo, name: prefix + key.name }, value, key.recommended);
    }
    for (const [name, messages] of errors) this.addErrors(prefix + name, ...messages.map(message));
    return config;
  }

  define(definition: KeyDefinition, value: string | null, recommended: readonly string[] = []): void {
    const existing = this.#entries.get(definition.name);
    if (definition.group !== null) this.#groups.add(definition.group);
    this.#entries.set(definition.name, {
      definition,
      value,
      recommended,
      visible: true,
      errors: existing?.errors ?? [],
    });
  }

  /** Adds error messages to a key, which need not be defined. */
  addErrors(name: string, ...messages: string[]): void {
    if (!this.#entries.has(name)) this.define(undefinedKey(name), this.#props[name] ?? null);
    this.#entries.get(name)?.errors.push(...messages);
  }

  value(name: string): string | null {
    return this.#entries.get(name)?.value ?? null;
  }

  update(name: string, changes: Partial<Pick<Entry, 'value' | 'recommended'>>): void {
    const entry = this.#entries.get(name);
    if (entry !== undefined) this.#entries.set(name, { ...entry, ...changes });
  }

  /** Hides the version key of a plugin that was not found. */
  clearVersion(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    const definition = { ...entry.definition, default_value: null };
    this.#entries.set(name, { ...entry, definition, value: null, recommended: [], visible: false });
  }

  /** Sets the version of a component from a plugin instead of the version of Millrace. */
  setVersion(name: string, version: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    const definition = { ...entry.definition, default_value: version };
    const value = this.#props[name] === undefined ? version : entry.value;
    this.#entries.set(name, { ...entry, definition, value, recommended: [version] });
  }

  build(name: string): ConfigInfos {
    const configs = [...this.#entries].map(([key, { definition, value, recommended, visible, errors }]) => ({
      definition,
      value: {
        name: key,
        value: this.#visible(key, value),
        recommended_values: recommended,
        errors: errors.map(message => this.#redaction.text(message)),
        visible,
      },
    }));
    const count = configs.reduce((sum, { value }) => sum + value.errors.length, 0);
    return { name, error_count: count, groups: [...this.#groups], configs };
  }

  /** Shows values with placeholders unresolved, and redacts others. */
  #visible(key: string, value: string | null): string | null {
    if (value === null || value === '[hidden]') return value;
    const checkedValue = this.#original[key];
    return checkedValue !== undefined && checkedValue !== this.#props[key] ? checkedValue : this.#redaction.text(value);
  }
}

function undefinedKey(name: string): KeyDefinition {
  return keyDefinition({
    name,
    type: 'STRING',
    required: false,
    defaultValue: null,
    importance: 'MEDIUM',
    documentation: '',
    group: null,
    orderInGroup: -1,
    width: 'NONE',
    displayName: name,
    dependents: [],
    recommended: [],
  });
}
