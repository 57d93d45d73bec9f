import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { npm } from './npm.js';

const fixture = (path: string) => fileURLToPath(new URL(`fixtures/${path}`, import.meta.url));

/** A project as an application has one, outside of this repository, with what npm installs and nothing else. */
export class Project {
  private constructor(private readonly folder: string) {}

  /**
   * @param name - the folder under fixtures/ that holds what is its own
   * @param application - the folder under fixtures/ that holds its sources
   */
  static create(name: string, application = 'application'): Project {
    const project = new Project(mkdtempSync(join(tmpdir(), `${name}-`)));
    cpSync(fixture('tsconfig.project.json'), project.path('tsconfig.json'));
    cpSync(fixture(application), project.path('src'), { recursive: true });
    cpSync(fixture(name), project.path('.'), { recursive: true });
    return project;
  }

  path(path: string): string {
    return join(this.folder, path);
  }

  /** Returns everything that npm prints. */
  install(tarball: string): Promise<string> {
    const quick = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
    return npm(this.folder, ['install', ...quick, tarball]);
  }

  /** Rejects where a package is missing, or has a version that another one does not want. */
  async checkInstalled(): Promise<void> {
    await npm(this.folder, ['ls', '--all']);
  }

  /** Returns the errors that the project's own compiler finds, in the types of all libraries too. */
  compile(): Promise<string> {
    return this.run('node_modules/typescript/bin/tsc');
  }

  /** Returns everything that a JavaScript file prints on its standard output, and how it failed if it did. */
  async run(file: string, env: Record<string, string> = {}): Promise<string> {
    const options = { cwd: this.folder, env: { ...process.env, ...env } };
    try {
      return (await promisify(execFile)(process.execPath, [this.path(file)], options)).stdout;
    } catch (error) {
      const { message, stdout } = error as Error & { stdout?: string };
      return `${message}\n${stdout ?? ''}`;
    }
  }

  /** Runs something while these packages are as if they were not installed. */
  async without<Result>(packages: readonly string[], run: () => Promise<Result>): Promise<Result> {
    const moved = packages.map(
      (name) =>
        [this.path(`node_modules/${name}`), this.path(`away-${name.replace('/', '-')}`)] as const,
    );
    for (const [from, to] of moved) renameSync(from, to);
    try {
      return await run();
    } finally {
      for (const [from, to] of moved) renameSync(to, from);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
