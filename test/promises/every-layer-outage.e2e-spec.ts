import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  type RunningPostgres,
  startPostgres,
} from '../../tools/embedded-postgres/embedded-postgres.js';
import { createDatabase, migrateTemplate, type TestDatabase } from '../support/database.js';
import { createLayerApp, type LayerApp } from '../support/layers/layer-app.js';
import { LAYERS } from '../support/layers/layers.js';

describe.each(LAYERS.filter(({ replicates }) => replicates))(
  'promise 7 over $name, with a replica that nothing reaches',
  (layer) => {
    let primary: TestDatabase;
    let replica: TestDatabase;
    let app: LayerApp;

    beforeAll(async () => {
      [primary, replica] = [await createDatabase(), await createDatabase()];
      app = await createLayerApp({ layer, url: primary.url, replicaUrl: replica.url });
    });

    afterAll(async () => {
      await app?.close();
      await Promise.all([primary?.drop(), replica?.drop()]);
    });

    it('the state and the user come from the primary', async () => {
      const user = await app.createUser();
      const token = await app.issueFor(user);
      expect(await app.get('/me', token)).toMatchObject({ body: { user: { email: user.email } } });
      await app.invalidator.logoutEverywhere(user.id);
      expect(await app.ask(token)).toBe('401 logged_out_everywhere');
    });
  },
);

describe('promise 8: a state that cannot be read is 503 with Retry-After', () => {
  let server: RunningPostgres;

  beforeAll(async () => {
    server = await startPostgres();
    await migrateTemplate(server.url);
  });

  afterAll(() => server?.stop());

  it.each(LAYERS)('over $name', async (layer) => {
    const app = await createLayerApp({ layer, url: server.url });
    const lines: unknown[] = [];
    const log = (...parts: unknown[]) => lines.push(parts);
    Logger.overrideLogger({ log, error: log, warn: log, debug: log, verbose: log, fatal: log });
    onTestFinished(() => Logger.overrideLogger(false));
    const user = await app.createUser();
    const token = await app.issueFor(user);
    expect(await app.ask(token)).toBe(200);

    await server.takeDown();
    const answer = await app.get('/me', token);
    expect(answer).toMatchObject({ status: 503, body: { errorCode: 'token_state_unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('7');
    const hashes = { currentHash: 'its old secret', newHash: 'its new secret' };
    const failures = await Promise.all(
      [
        app.invalidator.logoutEverywhere(user.id),
        app.invalidator.changePassword(user.id, hashes),
      ].map((write) => write.catch((error: unknown) => error)),
    );
    for (const failure of failures) expect(failure).toMatchObject({ statusCode: 503 });

    await server.bringBack();
    expect(await app.ask(token)).toBe(200);
    await app.close();

    const shown = inspect([failures, answer, app.events, lines], { depth: 20, showHidden: true });
    expect(lines).not.toEqual([]);
    for (const secret of [...Object.values(hashes), token, token.split('.')[2]!]) {
      expect(shown).not.toContain(secret);
    }
  });
});
