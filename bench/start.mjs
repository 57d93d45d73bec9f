// Builds the package and the bench, and runs it: `npm run bench`.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const bench = import.meta.dirname;
const root = join(bench, '..');
const modules = join(bench, 'node_modules');

npm('run', '--silent', 'build');
if (!isInstalled()) npm('ci', '--prefix', bench, '--no-audit', '--no-fund');
linkPackage();
node(join(root, 'node_modules/typescript/bin/tsc'), '-p', bench);

const program = process.argv.includes('--messages') ? 'message-guard.js' : 'main.js';
const main = spawn(
  process.execPath,
  [join(bench, 'dist/bench', program), ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
);
main.once('exit', (code) => process.exit(code ?? 1));
// A signal from the terminal reaches both; the bench ends its processes and this one follows.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => main.kill(signal));

function isInstalled() {
  const installed = join(modules, '.package-lock.json');
  if (!existsSync(installed)) return false;
  return statSync(installed).mtimeMs >= statSync(join(bench, 'package-lock.json')).mtimeMs;
}

/** The package under its own name, as an application has it. Not by npm, which would install its peers once more. */
function linkPackage() {
  const link = join(modules, 'nestjs-token-invalidation');
  if (!existsSync(link)) symlinkSync(root, link, 'junction');
}

function npm(...args) {
  // npm is a script of node where npm started this, and that works on Windows, too.
  const script = process.env.npm_execpath;
  if (script) node(script, ...args);
  else execFileSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
}

function node(...args) {
  execFileSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
}
