import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { npm } from './npm.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** What `npm publish` would upload. */
    tarball: string;
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  await npm(project.config.root, ['pack', '--ignore-scripts', '--pack-destination', folder]);
  project.provide('tarball', join(folder, readdirSync(folder)[0]!));
  return () => rmSync(folder, { recursive: true, force: true });
}
