/** One request of the script, and what of its answer is compared. */
export interface Step {
  /** Unique. */
  readonly what: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** As it goes over the wire. `{{…}}` in paths and bodies: see `Surroundings`. */
  readonly path: string;
  /** Sent as JSON; a text is sent as it is. */
  readonly body?: unknown;
  /** Default: application/json where there is a body. Empty: none is sent. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * How often it is sent at the same time, with `{{n}}` counting from 0. Compared is then how many answers there were of
   * each status, and what `of` makes of all bodies.
   */
  readonly atOnce?: number;
  /** The request is sent again until this holds of its body: for what takes its time. */
  readonly until?: (body: Json) => boolean;
  /** What of a body is compared, where not all of it can be the same. */
  readonly of?: (body: Json) => unknown;
  /** Where Millrace answers otherwise on purpose. */
  readonly differs?: Difference;
}

export interface Difference {
  /** In the words of docs/reference/rest-api.md. */
  readonly why: string;
  readonly status: number;
  /** Kafka Connect answers like Millrace at times. */
  readonly sometimes?: true;
  /** What the message, or the body where it is no error, must match. */
  readonly says?: RegExp;
}

/** A parsed body, looked into without ceremony: a test that looks in vain fails by itself. */
// biome-ignore lint/suspicious/noExplicitAny: any JSON
export type Json = any;

/** What of an answer is recorded and compared. */
export interface Answer {
  readonly status: number;
  /** Content type, of successes with a body. */
  readonly type?: string;
  readonly location?: string;
  /** Of `atOnce`: how many answers there were of each status; `status` is then the highest. */
  readonly statuses?: Readonly<Record<string, number>>;
  readonly body?: unknown;
}

/** What stands for `{{…}}` in the script; topic, url, folder and user are taken out of the answers again. */
export type Surroundings = Readonly<
  Record<'topic' | 'url' | 'user' | 'host' | 'port' | 'database' | 'password' | 'folder', string>
>;
