import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Results } from './results.js';

/**
 * Writes what a run has so far. What only another run has stays in the file: a soak without points is added to the
 * points of the run before it, and points leave its soak.
 */
export class ResultsFile {
  private readonly before: Results | undefined;

  constructor(private readonly path: string) {
    this.before = existsSync(path)
      ? (JSON.parse(readFileSync(path, 'utf8')) as Results)
      : undefined;
  }

  write(results: Results): void {
    writeFileSync(this.path, `${JSON.stringify(this.merge(results), undefined, 2)}\n`);
  }

  private merge(results: Results): Results {
    if (!this.before) return results;
    if (results.points.length === 0) return { ...this.before, ...pick(results) };
    return { ...pick(this.before), ...results };
  }
}

function pick({ soak }: Results): Pick<Results, 'soak'> {
  return soak ? { soak } : {};
}
