import type { Connection, FieldDef, Submittable } from 'pg';
import type { Cells } from '../values/row.ts';

/** Messages of the extended protocol that pg's types lack. */
interface Protocol {
  parse(statement: { readonly name: string; readonly text: string }): void;
  bind(portal: { readonly portal: string; readonly statement: string }): void;
  describe(subject: { readonly type: 'P'; readonly name: string }): void;
  execute(portal: { readonly portal: string; readonly rows: number }): void;
  sync(): void;
  sendCopyFail(reason: string): void;
}

/**
 * One exchange up to its Sync, which pg runs as a query. A named portal returns the rows of any statement in portions until
 * its transaction ends; SQL cursors support SELECT and VALUES only.
 */
export class PortalExchange implements Submittable {
  /** Resolves when the server is ready for the next exchange; rejects with an error of the server or the connection. */
  readonly done: Promise<void>;
  fields: readonly FieldDef[] = [];
  readonly rows: Cells[] = [];
  /** The statement has no more rows. */
  isComplete = false;
  readonly #send: (protocol: Protocol) => void;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};

  private constructor(send: (protocol: Protocol) => void) {
    this.#send = send;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Opens a portal for a statement and describes its rows; `fields` is empty if it returns none. */
  static open(portal: string, text: string): PortalExchange {
    return new PortalExchange(protocol => {
      protocol.parse({ name: '', text });
      protocol.bind({ portal, statement: '' });
      protocol.describe({ type: 'P', name: portal });
    });
  }

  static fetch(portal: string, rows: number): PortalExchange {
    return new PortalExchange(protocol => protocol.execute({ portal, rows }));
  }

  submit(connection: Connection): void {
    const protocol = connection as unknown as Protocol;
    this.#send(protocol);
    protocol.sync();
  }

  handleRowDescription({ fields }: { readonly fields: readonly FieldDef[] }): void {
    this.fields = fields;
  }

  handleDataRow({ fields }: { readonly fields: Cells }): void {
    this.rows.push(fields);
  }

  handlePortalSuspended(): void {}

  handleCommandComplete(): void {
    this.isComplete = true;
  }

  handleEmptyQuery(): void {
    this.isComplete = true;
  }

  handleCopyInResponse(connection: Connection): void {
    (connection as unknown as Protocol).sendCopyFail('query must return rows');
  }

  handleCopyData(): void {}

  handleError(error: Error): void {
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#resolve();
  }
}
