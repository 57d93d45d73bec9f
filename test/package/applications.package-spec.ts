import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ENTRIES, PACKAGE_NAME } from '../../tools/entries.mjs';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { ApplicationProcess } from './application-process.js';
import { Project } from './project.js';
import { query } from './query.js';

const ALICE = { email: 'alice@example.com', password: 'correct horse' };
const BY_GUARD = '/me';
const BY_PASSPORT = '/me-by-passport';

const accepted = { status: 200, email: ALICE.email, challenge: null };

describe.each(['nestjs-12-esm', 'nestjs-12-commonjs', 'nestjs-11-commonjs', 'nestjs-11-lowest'])(
  'in the project %s',
  (name) => {
    let project: Project;
    let database: TestDatabase;
    let npmSaid: string;
    let addedBytes: number;

    beforeAll(async () => {
      project = Project.create(name);
      await project.install();
      const before = project.installedBytes();
      npmSaid = await project.install(inject('tarball'));
      addedBytes = project.installedBytes() - before;
      database = await createEmptyDatabase();
    });

    afterAll(async () => {
      await database?.drop();
      project?.remove();
    });

    it('the package installs without a word about peer dependencies', async () => {
      expect(npmSaid).not.toMatch(/peer|ERESOLVE/i);
      await project.checkInstalled();
    });

    it('the package adds at most one megabyte to an application that has the peers', () => {
      expect(addedBytes).toBeLessThanOrEqual(1_000_000);
    });

    it('the package is there once for those who import and those who require', async () => {
      project.copy('one-copy.mjs', 'one-copy.mjs');
      // Prisma and Drizzle have projects of their layer, in which no other layer is installed. The client is compiled
      // twice, for browsers.
      const others = new Set(['prisma', 'drizzle', 'client']);
      const installed = ENTRIES.filter((entry) => !others.has(entry));
      const args = [PACKAGE_NAME, ...installed];
      expect(await project.run('one-copy.mjs', { args })).toBe('');
    });

    it('an application compiles under strict options, with the types of all libraries checked', async () => {
      expect(await project.compile()).toBe('');
    });

    describe('the application', () => {
      let application: ApplicationProcess;

      beforeAll(async () => {
        application = await ApplicationProcess.start(project.path('dist/main.js'), database.url);
        await application.post('/register', { body: ALICE });
      });

      const logIn = async (): Promise<string> => {
        const response = await application.post('/login', { body: ALICE });
        return ((await response.json()) as { token: string }).token;
      };

      const answer = async (route: string, token: string) => {
        const response = await application.get(route, token);
        const { email, errorCode } = (await response.json()) as Record<string, string>;
        const challenge = response.headers.get('WWW-Authenticate');
        return { status: response.status, email, errorCode, challenge };
      };

      it('refuses a token after a logout everywhere, and accepts the next one', async () => {
        const token = await logIn();
        expect(await answer(BY_GUARD, token)).toEqual(accepted);
        expect(await answer(BY_PASSPORT, token)).toEqual(accepted);

        expect((await application.post('/auth/logout-everywhere', { token })).ok).toBe(true);
        expect(await answer(BY_GUARD, token)).toEqual(refused('logged_out_everywhere'));
        expect(await answer(BY_PASSPORT, token)).toMatchObject({ status: 401 });
        expect(await answer(BY_GUARD, await logIn())).toEqual(accepted);
      });

      it('does not revive a token by saving what was loaded before the logout', async () => {
        const token = await logIn();
        expect((await application.post('/stale-saves', { token })).status).toBe(201);
        expect(await answer(BY_GUARD, token)).toEqual(refused('logged_out_everywhere'));
        expect(await answer(BY_GUARD, await logIn())).toEqual(accepted);
      });

      it('has a guard class without a name, which early versions of NestJS 11 drop', async () => {
        const { status } = await application.get('/nameless', await logIn());
        expect(status).toBe(name === 'nestjs-11-lowest' ? 200 : 403);
      });

      it('refuses a token after the password was changed in SQL', async () => {
        const token = await logIn();
        await query(database.url, `UPDATE users SET password_hash = 'another'`);
        expect(await answer(BY_GUARD, token)).toEqual(refused('password_changed'));
      });

      it('has a process that ends by itself once the application is closed', async () => {
        expect(await application.close()).toBe(0);
      });

      it('is tested with what the package brings for that', async () => {
        const env = { DATABASE_URL: database.url };
        expect(await project.run('dist/expect-tokens-to-be-refused.js', { env })).toBe('');
      });
    });
  },
);

function refused(errorCode: string): object {
  const challenge = expect.stringMatching(/^Bearer error="invalid_token"/) as unknown;
  return { status: 401, errorCode, challenge };
}
