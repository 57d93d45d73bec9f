import { Client } from 'pg';
import { vi } from 'vitest';

/** Counts all statements that this process sends to PostgreSQL; it does not hold them back. */
export class StatementCounter {
  private readonly spy;

  /** @param client - the class of another copy of pg, if any */
  constructor(client: { readonly prototype: Pick<Client, 'query'> } = Client) {
    this.spy = vi.spyOn(client.prototype, 'query');
  }

  get count(): number {
    return this.spy.mock.calls.length;
  }

  stop(): void {
    this.spy.mockRestore();
  }
}
