import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { allCodeBlocks } from '../docs/code-blocks.js';
import { Project } from './project.js';
import { query } from './query.js';

const quickStart = allCodeBlocks().filter(
  ({ document, application, file }) =>
    document === 'README.md' && application === 'typeorm' && file !== undefined,
);

const projects = [
  // CommonJS, where neither Node nor Jest looks for a .ts file under the name of a .js file.
  { major: 11, runner: 'Jest', adapt: (code: string) => code.replace(/( '\.[^']+)\.js'/g, `$1'`) },
  { major: 12, runner: 'Vitest', adapt: (code: string) => code },
];

describe.each(projects)('what `nest new` of CLI $major makes, with the quick start', (variant) => {
  const { major, runner, adapt } = variant;
  let project: Project;
  let database: TestDatabase;

  beforeAll(async () => {
    project = await Project.generate(major);
    for (const { file, code } of quickStart) project.write(`src/${file}`, adapt(code));
    // It asks for the page that the quick start's module no longer has.
    rmSync(project.path('test/app.e2e-spec.ts'));
    project.write('src/in-memory.spec.ts', adapt(project.fixture('nest-new/unit-tests.ts')));
    project.write('test/auth.e2e-spec.ts', adapt(project.fixture('nest-new/end-to-end-tests.ts')));
    const others = [`@nestjs/typeorm@${major}`, 'typeorm', 'pg', '@node-rs/argon2'];
    await project.install(inject('tarball'), ...others);
    database = await createEmptyDatabase();
    await query(
      database.url,
      'CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, password text NOT NULL)',
    );
  });

  afterAll(async () => {
    await database?.drop();
    project?.remove();
  });

  it('builds', async () => {
    expect(await project.npm(['run', 'build'])).not.toContain('error');
  });

  it(`passes its unit tests under ${runner}, with no line of configuration`, async () => {
    expect(await project.npm(['test'])).toMatch(/Tests:? +3 passed/);
  });

  it(`passes its end-to-end tests under ${runner}`, async () => {
    const env = {
      DATABASE_URL: database.url,
      JWT_SECRET: 'what openssl rand -base64 48 would have printed',
    };
    expect(await project.npm(['run', 'test:e2e'], env)).toMatch(/Tests:? +2 passed/);
  });
});
