import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Session } from '../support/storage/users.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { allCodeBlocks } from './code-blocks.js';

const blocks = allCodeBlocks().filter(({ language }) => language === 'sql');

describe('the SQL in the documents', () => {
  let database: TestDatabase;
  let session: Session;

  beforeAll(async () => {
    database = await createDatabase();
    session = await Session.open(database.url);
  });

  afterAll(async () => {
    await session?.close();
    await database?.drop();
  });

  it.each(blocks.map((block) => [`${block.document}:${block.line}`, block.code]))(
    '%s runs',
    async (_, code) => {
      // Roles belong to the whole server: nothing of this is committed.
      await session.query('BEGIN');
      await session.query('CREATE ROLE application');
      const [user] = await session.query<{ id: string; token_version: number }>(
        "INSERT INTO users (email, password_hash) VALUES ('ada@example.com', 'old') RETURNING id, token_version",
      );
      await session.query(code.replaceAll(":'new'", "'new'").replaceAll(":'id'", `'${user!.id}'`));
      // A re-hash logs nobody out.
      const [after] = await session.query('SELECT token_version FROM users');
      expect(after).toEqual({ token_version: user!.token_version });
      await session.query('ROLLBACK');
    },
  );
});
