import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { runSql } from '../support/storage/catalogue.js';
import { Project } from './project.js';

/** The package of each layer. */
const LAYERS = {
  pg: undefined,
  typeorm: 'typeorm',
  prisma: '@prisma/client',
  drizzle: 'drizzle-orm',
};

const USERS = `CREATE TABLE users (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text NOT NULL, password_hash text NOT NULL,
  role text NOT NULL DEFAULT 'member', active boolean NOT NULL DEFAULT true)`;

/** What the application prints. */
interface Said {
  answers: unknown[];
  /** Its response, as text. */
  copies: string;
}

describe.each(Object.keys(LAYERS) as (keyof typeof LAYERS)[])('a project with %s', (layer) => {
  let project: Project;
  let database: TestDatabase;

  beforeAll(async () => {
    project = Project.create(`layer-${layer}`, 'layer-application');
    if (layer === 'prisma') copyGeneratedClient(project);
    await project.install(inject('tarball'));
    database = await createEmptyDatabase();
  });

  afterAll(async () => {
    await database?.drop();
    project?.remove();
  });

  it('has the packages of no other layer', async () => {
    const installed = await project.npm(['ls', '--all', '--parseable']);
    const others = Object.entries(LAYERS).flatMap(([name, its]) =>
      name === layer ? [] : (its ?? []),
    );
    for (const other of others) expect(installed).not.toContain(`/node_modules/${other}\n`);
  });

  it('compiles under strict options', async () => {
    // With the types of all libraries, but for Drizzle's own, which have errors.
    const args = layer === 'drizzle' ? ['--skipLibCheck'] : [];
    expect(await project.run('node_modules/typescript/bin/tsc', { args })).toBe('');
  }, 180_000);

  it('migrates with what the command generates, accepts, refuses, and joins a transaction', async () => {
    const args = ['generate', 'sql', '--table', 'users', '--password', 'password_hash'];
    const command = 'node_modules/nestjs-token-invalidation/dist/cli/main.js';
    await runSql(database.url, USERS);
    await runSql(database.url, await project.run(command, { args }));

    const env = { DATABASE_URL: database.url };
    const { answers, copies } = JSON.parse(await project.run('dist/main.js', { env })) as Said;
    expect(answers).toEqual([
      200,
      // Rolled back, changed by SQL, a new login, logged out.
      200,
      'password_changed',
      200,
      'logged_out_everywhere',
    ]);

    // JSON.stringify, class-transformer, structuredClone and a spread: none shows state or hash.
    const { issued, ofCopy, ...ways } = JSON.parse(copies) as Record<string, unknown>;
    expect(Object.keys(ways)).toEqual(['json', 'plain', 'clone', 'spread']);
    for (const user of Object.values(ways)) expect(user).toMatchObject({ email: 'a@example.com' });
    expect(JSON.stringify(ways)).not.toMatch(/version|changed|logout|hash|token/i);
    expect(issued).toBe('issued');
    expect(ofCopy).toMatch(/ has no .*a copy such as \{ \.\.\.user \}/);
  });
});

/** The client that `npm run prisma` generated: Prisma's generator is 200 MB, which only it needs. */
function copyGeneratedClient(project: Project): void {
  const generated = fileURLToPath(new URL('../prisma/generated', import.meta.url));
  cpSync(generated, project.path('src/generated'), { recursive: true });
}
