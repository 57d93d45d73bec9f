// `npm run test:nodes`: most of the test suite on the Node versions that this process does not run on, in time zones far apart.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const RUNS = [
  { node: '22', timeZone: 'Pacific/Kiritimati' },
  { node: '24', timeZone: 'America/New_York' },
];

/** About SQL, about random input and about time limits: the same on every Node, and long. */
const APART = [
  /^test\/triggers\//,
  /^test\/hostile\/(?!claim-matrix)/,
  /^test\/faults\/(?!cut-at-birth)/,
];

const SPECS = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.e2e-spec.ts'))
  .map((path) => `test/${path}`)
  .filter((path) => !APART.some((pattern) => pattern.test(path)));

/** Runs in this repository, with what is printed shown. */
function npm(args, env = {}) {
  const { error, status } = spawnSync('npm', args, {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status}`);
}

/** Node itself is on npm, as a package without scripts: returns the folder of its binary. */
function installNode(version, folder) {
  const name = `node-linux-${process.arch}`;
  npm([
    'install',
    '--prefix',
    folder,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    `${name}@${version}`,
  ]);
  return join(folder, 'node_modules', name, 'bin');
}

/** What npm's scripts find first on the path, which is not always what a shell finds. */
function versionInScripts(path) {
  const env = { ...process.env, PATH: path };
  return execFileSync('npm', ['exec', '--call', 'node --version'], {
    env,
    encoding: 'utf8',
  }).trim();
}

function testOn({ node, timeZone }) {
  const folder = mkdtempSync(join(tmpdir(), `node-${node}-`));
  try {
    const binaries = installNode(node, folder);
    const path = `${binaries}${delimiter}${process.env.PATH}`;
    const version = versionInScripts(path);
    if (!version.startsWith(`v${node}.`)) {
      throw new Error(`npm runs its scripts on Node ${version} and not on ${node}`);
    }
    console.log(`\nNode ${version}, ${timeZone}`);
    // Random inputs in full are for one Node: these runs look for what differs between them.
    npm(['test', '--', 'src/', ...SPECS], { PATH: path, TZ: timeZone, FAST_CHECK_FACTOR: '0.2' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)) {
  for (const run of RUNS) testOn(run);
} else {
  console.log(
    `Skipped: npm has no Node for ${process.platform} on ${process.arch}. Run "npm test" on Node ` +
      `${RUNS.map(({ node }) => node).join(' and ')} by another way.`,
  );
}
