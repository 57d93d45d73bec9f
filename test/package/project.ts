import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { npm } from './npm.js';

const fixture = (path: string) => fileURLToPath(new URL(`fixtures/${path}`, import.meta.url));

/** A project as an application has one, outside of this repository, with what npm installs and nothing else. */
export class Project {
  private constructor(
    private readonly name: string,
    private readonly folder: string,
  ) {}

  /**
   * @param name - the folder under fixtures/ with what only this project has
   * @param source - the folder under fixtures/ with its source
   */
  static create(name: string, source = 'application'): Project {
    const project = Project.empty(name);
    project.copy('tsconfig.project.json', 'tsconfig.json');
    project.copy(source, 'src');
    project.copy(name, '.');
    return project;
  }

  /** What `nest new` makes. @param major - of Nest's CLI */
  static async generate(major: number): Promise<Project> {
    const project = Project.empty(`nest-new-${major}`);
    const cli = ['exec', '--yes', '--prefer-offline', '--package', `@nestjs/cli@${major}`, '--'];
    const quietly = ['--directory', '.', '--skip-git', '--skip-install'];
    await project.npm([...cli, 'nest', 'new', 'app', ...quietly, '--package-manager', 'npm']);
    project.leaveOutLinters();
    return project;
  }

  private static empty(name: string): Project {
    return new Project(name, mkdtempSync(join(tmpdir(), `${name}-`)));
  }

  path(path: string): string {
    return join(this.folder, path);
  }

  /** The text of a file of fixtures/. */
  fixture(path: string): string {
    return readFileSync(fixture(path), 'utf8');
  }

  /** Copies a file or folder of fixtures/. */
  copy(from: string, to: string): void {
    cpSync(fixture(from), this.path(to), { recursive: true });
  }

  write(path: string, text: string): void {
    writeFileSync(this.path(path), text);
  }

  /** Returns everything that npm prints. */
  async install(...packages: readonly string[]): Promise<string> {
    const started = performance.now();
    const quick = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
    const said = await this.npm(['install', ...quick, ...packages]);
    const seconds = Math.round((performance.now() - started) / 1000);
    console.info(`${this.name}: npm install ${packages.join(' ')} took ${seconds} s`);
    return said;
  }

  /** Half of what `nest new` has npm install lints and formats, which no test does. */
  private leaveOutLinters(): void {
    const { devDependencies, ...others } = JSON.parse(
      readFileSync(this.path('package.json'), 'utf8'),
    ) as { devDependencies: Record<string, string> };
    const needed = Object.entries(devDependencies).filter(([name]) => !/lint|prettier/.test(name));
    const contents = { ...others, devDependencies: Object.fromEntries(needed) };
    this.write('package.json', JSON.stringify(contents));
  }

  /** Rejects when npm ends with an error. */
  npm(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string> {
    return npm(this.folder, args, env);
  }

  /** The bytes of all installed files. */
  installedBytes(): number {
    const modules = this.path('node_modules');
    return readdirSync(modules, { recursive: true, encoding: 'utf8' })
      .map((path) => lstatSync(join(modules, path)))
      .filter((entry) => entry.isFile())
      .reduce((sum, { size }) => sum + size, 0);
  }

  /** Puts the package where npm would, without its dependencies and peers. */
  unpack(tarball: string): void {
    const folder = this.path('node_modules/nestjs-token-invalidation');
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
  }

  /** Links packages of this repository: the project has these and no others. */
  link(packages: readonly string[]): void {
    for (const name of packages) {
      const link = this.path(`node_modules/${name}`);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(fileURLToPath(new URL(`../../node_modules/${name}`, import.meta.url)), link);
    }
  }

  /** Rejects where a package is missing, or has a version that another one does not want. */
  async checkInstalled(): Promise<void> {
    await this.npm(['ls', '--all']);
  }

  /** Returns the errors that the project's own compiler finds, in the types of all libraries too. */
  compile(): Promise<string> {
    return this.run('node_modules/typescript/bin/tsc');
  }

  /** Returns everything that a JavaScript file prints on its standard output, and how it failed if it did. */
  async run(
    file: string,
    { args = [], env = {} }: { args?: readonly string[]; env?: Record<string, string> } = {},
  ): Promise<string> {
    const options = { cwd: this.folder, env: { ...process.env, ...env } };
    try {
      return (await promisify(execFile)(process.execPath, [this.path(file), ...args], options))
        .stdout;
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
