// Installs the Prisma of the tests, which is too large for everyone who installs this project, and generates its client.
// `npm test`, `npm run lint` and `npm run typecheck` begin with it; where nothing has changed it does nothing.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../test/prisma/', import.meta.url));
const stamp = `${folder}generated/stamp`;

const hash = createHash('sha256');
for (const file of ['package-lock.json', 'schema.prisma']) hash.update(readFileSync(folder + file));
const wanted = hash.digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.info('test/prisma: installing Prisma for the tests, 306 MB');
  try {
    npm('ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline');
    npm('exec', '--no', '--', 'prisma', 'generate');
    writeFileSync(stamp, wanted);
  } catch {
    console.error(
      "test/prisma: Prisma could not be installed. The tests of the entry /prisma need it: run 'npm run prisma' once with access to npm's registry.",
    );
    process.exitCode = 1;
  }
}

function npm(...args) {
  execFileSync('npm', args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    // `prisma generate` would download the engine of `prisma migrate`, which it does not use.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
  });
}
