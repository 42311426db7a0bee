/** One request of the script, and the compared part of its answer. */
export interface Step {
  /** Unique key of the recorded answer. */
  readonly name: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** Path as sent. `{{…}}` in paths and bodies is replaced by a value of `Fixtures`. */
  readonly path: string;
  /** Sent as JSON; a string is sent unchanged. */
  readonly body?: unknown;
  /** Content type. Default: application/json if there is a body; empty: no header. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Number of simultaneous requests, with `{{n}}` counting from 0. The number of answers of each status is compared,
   * and the part that `select` returns of all bodies.
   */
  readonly concurrency?: number;
  /** Predicate of the body; the request is repeated until it is true, for asynchronous operations. */
  readonly until?: (body: Json) => boolean;
  /** The compared part of a body, if the rest may differ. */
  readonly select?: (body: Json) => unknown;
  /** Intentional difference of Millrace. */
  readonly differs?: Difference;
}

export interface Difference {
  /** Reason, worded as in docs/reference/rest-api.md. */
  readonly reason: string;
  readonly status: number;
  /** Kafka Connect sometimes answers like Millrace. */
  readonly sometimes?: true;
  /** Pattern of the message, or of the body if it is no error. */
  readonly pattern?: RegExp;
}

/** A parsed body without types: a test that reads a missing field fails. */
// biome-ignore lint/suspicious/noExplicitAny: any JSON
export type Json = any;

/** The recorded and compared part of an answer. */
export interface Answer {
  readonly status: number;
  /** Content type of a successful answer with a body. */
  readonly type?: string;
  readonly location?: string;
  /** With `concurrency`: number of answers of each status; `status` is then the highest. */
  readonly statuses?: Readonly<Record<string, number>>;
  readonly body?: unknown;
}

/** Values of `{{…}}` in the script. In answers, topic, url, folder and user are replaced by their placeholders. */
export type Fixtures = Readonly<
  Record<'topic' | 'url' | 'user' | 'host' | 'port' | 'database' | 'password' | 'folder', string>
>;
