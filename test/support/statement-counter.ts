import { Client } from 'pg';
import { vi } from 'vitest';

/** Counts the statements that this process sends to PostgreSQL, whoever sends them; they are sent all the same. */
export class StatementCounter {
  private readonly spy = vi.spyOn(Client.prototype, 'query');

  get count(): number {
    return this.spy.mock.calls.length;
  }

  stop(): void {
    this.spy.mockRestore();
  }
}
