import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type RunningPostgres,
  startPostgres,
} from '../../tools/embedded-postgres/embedded-postgres.js';
import { createDatabase, migrateTemplate, type TestDatabase } from '../support/database.js';
import { forge } from '../support/forge.js';
import { createLayerApp, type LayerApp } from '../support/layers/layer-app.js';
import { LAYERS } from '../support/layers/layers.js';
import { runSql } from '../support/storage/catalogue.js';

/** Whatever a token must not survive, as it reaches the database. */
const INVALIDATIONS: [string, (app: LayerApp, id: string) => Promise<unknown>][] = [
  ['logoutEverywhere', (app, id) => app.invalidator.logoutEverywhere(id)],
  ['invalidateAfterPasswordChange', (app, id) => app.invalidator.invalidateAfterPasswordChange(id)],
  ['invalidate', (app, id) => app.invalidator.invalidate(id)],
  ["the layer's own change of the password", (app, id) => app.users.changeHash(id, 'other')],
];

/** What no response may hold, as properties and as columns. */
const STATE_PROPERTIES = [
  'tokenVersion',
  'token_version',
  'passwordChangedAt',
  'password_changed_at',
  'logoutAllAt',
  'logout_all_at',
];

describe.each(LAYERS)('promises 1 to 6 and 9 over $name', (layer) => {
  let database: TestDatabase;
  let app: LayerApp;
  let otherNode: LayerApp;

  beforeAll(async () => {
    database = await createDatabase();
    const { url } = database;
    [app, otherNode] = [await createLayerApp({ layer, url }), await createLayerApp({ layer, url })];
  });

  afterAll(async () => {
    await Promise.all([app?.close(), otherNode?.close()]);
    await database.drop();
  });

  it.each(INVALIDATIONS)('1: %s holds at once on another node', async (_, invalidate) => {
    const user = await app.createUser();
    const token = await app.issueFor(user);
    expect(await otherNode.ask(token)).toBe(200);
    await invalidate(app, user.id);
    expect(await otherNode.ask(token)).toMatch(/^401 /);
  });

  it('1: a password changed by SQL holds at once, too', async () => {
    const user = await app.createUser();
    const token = await app.issueFor(user);
    await runSql(database.url, `UPDATE users SET password_hash = 'x' WHERE id = '${user.id}'`);
    expect(await app.ask(token)).toBe('401 password_changed');
  });

  it('2: log in, log out everywhere, a hundred times with a clock that stands still', async () => {
    const user = await app.createUser();
    for (let round = 1; round <= 100; round += 1) {
      const token = await app.issueFor(user);
      expect(await app.ask(token)).toBe(200);
      expect(await app.invalidator.logoutEverywhere(user.id)).toMatchObject({ version: round });
      expect(await app.ask(token)).toBe('401 logged_out_everywhere');
    }
  });

  it('3: fifty concurrent invalidations raise the version by fifty', async () => {
    const { id } = await app.createUser();
    const all = Array.from({ length: 50 }, () => app.invalidator.logoutEverywhere(id));
    const versions = (await Promise.all(all)).map(({ version }) => version);
    expect(versions.toSorted((a, b) => a - b)).toEqual(all.map((_, index) => index + 1));
  });

  it('4: a stale record that is written back revives nothing', async () => {
    const user = await app.createUser();
    const stale = await app.users.load(user.id);
    const token = await app.issueFor(user);
    await app.invalidator.logoutEverywhere(user.id);

    await app.users.save(stale, 'editor');

    expect(await app.users.load(user.id)).toMatchObject({ role: 'editor' });
    expect(await app.ask(token)).toBe('401 logged_out_everywhere');
  });

  it('4: nor does a user created again under the same id', async () => {
    const user = await app.createUser();
    const token = await app.issueFor(user);
    await runSql(database.url, `DELETE FROM users WHERE id = '${user.id}'`);
    expect(await app.ask(token)).toBe('401 user_unknown');
    await app.createUser(user.id);
    expect(await app.ask(token)).toBe('401 version_stale');
  });

  it('5: a token from a record that was loaded before the change is refused', async () => {
    const { id } = await app.createUser();
    const checked = await app.users.load(id);
    await app.users.changeHash(id, 'other');
    expect(await app.ask(app.issuer.issue(checked))).toBe('401 password_changed');
  });

  it('6: a re-hash invalidates nothing, and overwrites no concurrent change', async () => {
    const user = await app.createUser();
    const token = await app.issueFor(user);
    const replacement = { currentHash: 'hash', newHash: 'stronger' };
    await app.invalidator.rehashPassword(user.id, replacement);
    expect(await app.ask(token)).toBe(200);
    await expect(app.invalidator.rehashPassword(user.id, replacement)).rejects.toMatchObject({
      name: 'PasswordConflictError',
    });
  });

  it("6: a change in the caller's transaction invalidates when that is committed", async () => {
    const user = await app.createUser();
    const token = await app.issueFor(user);
    await app.users.transaction(async (transaction) => {
      const replacement = { currentHash: 'hash', newHash: 'other' };
      await app.invalidator.changePassword(user.id, replacement, { transaction });
      expect(await app.ask(token)).toBe(200);
    });
    expect(await app.ask(token)).toBe('401 password_changed');
  });

  it('6: and not when it is rolled back', async () => {
    const user = await app.createUser();
    const token = await app.issueFor(user);
    const rolledBack = app.users.transaction(async (transaction) => {
      await app.invalidator.logoutEverywhere(user.id, { transaction });
      throw new Error('never mind');
    });
    await expect(rolledBack).rejects.toThrow('never mind');
    expect(await app.ask(token)).toBe(200);
  });

  it('6: what is no transaction is a TypeError that says what to pass', async () => {
    const user = await app.createUser();
    const token = await app.issueFor(user);
    const transaction = app.users.notTransaction;
    const write = app.invalidator.logoutEverywhere(user.id, { transaction });
    await expect(write).rejects.toThrow(TypeError);
    await expect(write).rejects.toThrow(/pass the /);
    expect(await app.ask(token)).toBe(200);
  });

  it('9: hostile subjects are unknown users, and disturb nobody in their batch', async () => {
    const good = await app.issueFor(await app.createUser());
    const hostile = ['abc', '1', '\0', '\ud800', "' OR '1'='1", '__proto__', '{"or":true}'];
    const answers = await Promise.all(
      hostile.flatMap((sub) => [app.ask(forge({ sub, ver: 0 })), app.ask(good)]),
    );
    expect(answers).toEqual(hostile.flatMap(() => ['401 user_unknown', 200]));
  });

  it("9: the user of a request is its token's, in the layer's own shape, without state and hash", async () => {
    const users = await Promise.all(Array.from({ length: 5 }, () => app.createUser()));
    const asked = Array.from({ length: 50 }, (_, index) => users[index % 5]!);
    const tokens = asked.map((user) => app.issuer.issue(user));
    const answers = await Promise.all(tokens.map((token) => app.get('/me', token)));
    for (const [index, { body }] of answers.entries()) {
      const loaded = asked[index]! as unknown as Record<string, unknown>;
      const { passwordHash, password_hash, ...expected } = loaded;
      expect([passwordHash, password_hash]).toContain(
        layer.name === 'TypeORM' ? undefined : 'hash',
      );
      for (const name of STATE_PROPERTIES) Reflect.deleteProperty(expected, name);
      expect(body['user']).toEqual(JSON.parse(JSON.stringify(expected)));
    }
  });

  it('everyone logged out is everyone, on every node', async () => {
    const user = await app.createUser();
    const token = await app.issueFor(user);
    await app.invalidator.invalidateEveryone();
    expect(await otherNode.ask(token)).toBe('401 everyone_logged_out');
  });
});

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
      await Promise.all([primary.drop(), replica.drop()]);
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

  afterAll(() => server.stop());

  it.each(LAYERS)('over $name', async (layer) => {
    const app = await createLayerApp({ layer, url: server.url });
    const user = await app.createUser();
    const token = await app.issueFor(user);
    expect(await app.ask(token)).toBe(200);

    await server.takeDown();
    const answer = await app.get('/me', token);
    expect(answer).toMatchObject({ status: 503, body: { errorCode: 'token_state_unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('7');
    await expect(app.invalidator.logoutEverywhere(user.id)).rejects.toMatchObject({
      statusCode: 503,
    });

    await server.bringBack();
    expect(await app.ask(token)).toBe(200);
    await app.close();
  });
});
