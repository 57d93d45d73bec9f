import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where a demo keeps its data folder, so that what it leaves is seen. */
export class TemporaryFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'demo-smoke-'));

  constructor() {
    // PostgreSQL may run as another user, who has to pass through.
    chmodSync(this.path, 0o755);
  }

  get content(): string[] {
    return readdirSync(this.path);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
