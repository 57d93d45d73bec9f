import { afterAll, beforeAll } from 'vitest';
import { type AppOptions, createApp, type TestApp } from './create-app.js';
import { createDatabase, type TestDatabase } from './database.js';

/** A database and an application over it for the tests of a `describe`: `app()` is it. */
export function useApp(options: Omit<AppOptions, 'url'> = {}): () => TestApp {
  let database: TestDatabase | undefined;
  let app: TestApp | undefined;

  beforeAll(async () => {
    database = await createDatabase();
    app = await createApp({ ...options, url: database.url });
  });

  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  return () => app!;
}
