import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import type { InvalidationEvent } from 'nestjs-token-invalidation';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { forge } from '../support/forge.js';
import { createLayerApp, type LayerApp } from '../support/layers/layer-app.js';
import { LAYERS, LAYERS_AND_MEMORY } from '../support/layers/layers.js';
import { OffsetClock } from '../support/offset-clock.js';
import { runSql } from '../support/storage/catalogue.js';
import { until } from '../support/until.js';

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

/** What every layer says of what is no open transaction. */
const NO_TRANSACTION = /^The transaction is over, or never began: pass the /;

describe.each(LAYERS_AND_MEMORY)('promises 1 to 6 and 9 over $name', (layer) => {
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
    await database?.drop();
  });

  it.each(INVALIDATIONS)('1: %s holds at once on another node', async (_, invalidate) => {
    const user = await app.createUser();
    const token = await app.issueFor(user);
    expect(await otherNode.ask(token)).toBe(200);
    await invalidate(app, user.id);
    expect(await otherNode.ask(token)).toMatch(/^401 /);
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

  it.each([-299, 299])('2, 3: on nodes whose clocks are %i s apart', async (seconds) => {
    const { url } = database;
    const [near, far] = [
      await createLayerApp({ layer, url, clock: new OffsetClock(0) }),
      await createLayerApp({ layer, url, clock: new OffsetClock(seconds) }),
    ];
    onTestFinished(async () => void (await Promise.all([near.close(), far.close()])));
    const user = await near.createUser();
    const cutoffs: number[] = [];
    for (const { invalidator } of [near, far, near, far]) {
      const tokens = [await near.issueFor(user), await far.issueFor(user)];
      const askAll = () =>
        Promise.all(tokens.flatMap((token) => [near.ask(token), far.ask(token)]));
      expect(await askAll()).toEqual([200, 200, 200, 200]);
      cutoffs.push(Number((await invalidator.logoutEverywhere(user.id)).effectiveAt));
      // One from a node whose clock is ahead bears a later instant, and an old version.
      for (const answer of await askAll())
        expect(answer).toMatch(/^401 (logged_out|version_stale)/);
    }
    // All by one clock, the database's.
    expect(cutoffs).toEqual(cutoffs.toSorted((a, b) => a - b));
    expect(cutoffs.at(-1)! - cutoffs[0]!).toBeLessThan(200_000);
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
    await app.users.remove(user.id);
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

  it('6: an invalidation makes one event: at once, or after its commit, and never without it', async () => {
    const { id } = await app.createUser();
    const notes = () => notesIn(app.events, id);
    const invalidate = (note: string, transaction?: unknown) =>
      app.invalidator.invalidate(id, { note, transaction });

    await invalidate('alone');
    expect(notes()).toEqual(['alone']);
    await app.users.transaction(async (transaction) => {
      await invalidate('committed', transaction);
      expect(notes()).toEqual(['alone']);
    });
    await until('the event comes', () => notes().includes('committed'));
    const rolledBack = app.users.transaction(async (transaction) => {
      await invalidate('rolled back', transaction);
      throw new Error('never mind');
    });
    await expect(rolledBack).rejects.toThrow('never mind');

    // By the time of a later commit's event, another of an earlier one would have come.
    await app.users.transaction(
      async (transaction) => void (await invalidate('later', transaction)),
    );
    await until('the last event comes', () => notes().includes('later'));
    expect(notes()).toEqual(['alone', 'committed', 'later']);
  });

  it.each<[string, () => unknown]>([
    ['the client in place of a transaction', () => app.users.notTransaction],
    ['a transaction that was committed', () => committedTransaction(app)],
    ['a transaction that was rolled back', () => rolledBackTransaction(app)],
    ['an object of another kind', () => ({})],
    ['text', () => 'BEGIN'],
    ['null', () => null],
  ])('6: %s is a TypeError that says what to pass', async (_, make) => {
    const user = await app.createUser();
    const token = await app.issueFor(user);
    const transaction = await make();
    const write = app.invalidator.logoutEverywhere(user.id, { transaction });
    await expect(write).rejects.toThrow(TypeError);
    await expect(write).rejects.toThrow(NO_TRANSACTION);
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

describe.each(LAYERS)('with SQL around $name', (layer) => {
  let database: TestDatabase;
  let app: LayerApp;

  beforeAll(async () => {
    database = await createDatabase();
    app = await createLayerApp({ layer, url: database.url });
  });

  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  it('1, 6: a changed password holds at once, too', async () => {
    const user = await app.createUser();
    const token = await app.issueFor(user);
    await runSql(database.url, `UPDATE users SET password_hash = 'x' WHERE id = '${user.id}'`);
    expect(await app.ask(token)).toBe('401 password_changed');
  });

  it('4: a lower version and a cleared cutoff revive nothing', async () => {
    const user = await app.createUser();
    const token = await app.issueFor(user);
    await app.invalidator.logoutEverywhere(user.id);
    const set = 'SET token_version = 0, logout_all_at = NULL';
    await runSql(database.url, `UPDATE users ${set} WHERE id = '${user.id}'`);
    expect(await app.ask(token)).toBe('401 logged_out_everywhere');
  });

  it('11: no hash or token is in an error, an event or a log line', async () => {
    const lines: unknown[] = [];
    const log = (...parts: unknown[]) => lines.push(parts);
    Logger.overrideLogger({ log, error: log, warn: log, debug: log, verbose: log, fatal: log });
    onTestFinished(() => Logger.overrideLogger(false));
    // PostgreSQL's error has the row that failed.
    await runSql(database.url, 'ALTER TABLE users ADD CHECK (length(password_hash) < 20)');
    const hashes = { currentHash: 'its old secret', newHash: 'a new secret that is too long' };
    const email = `${crypto.randomUUID()}@example.com`;
    const { id } = await app.users.create({ email, passwordHash: hashes.currentHash });
    const token = await app.issueFor({ id } as never);

    const over = await committedTransaction(app);
    const failures = [
      await failureOf(app.invalidator.changePassword(id, hashes)),
      await failureOf(app.invalidator.rehashPassword(id, hashes)),
      await failureOf(app.invalidator.changePassword(id, hashes, { transaction: over })),
      ...(await failuresInTransaction(app, (transaction) => [
        () => app.invalidator.changePassword(id, hashes, { transaction }),
        // The transaction has failed.
        () => app.invalidator.changePassword(id, hashes, { transaction }),
      ])),
      ...(await failuresInTransaction(app, (transaction) => [
        () => app.invalidator.rehashPassword(id, hashes, { transaction }),
      ])),
    ];
    await app.invalidator.logoutEverywhere(id);
    const answers = [await app.get('/me', token), await app.get('/me', `${token}x`)];

    const shown = inspect([failures, answers, app.events, lines], { depth: 20, showHidden: true });
    for (const secret of [...Object.values(hashes), token, token.split('.')[2]!]) {
      expect(shown).not.toContain(secret);
    }
    const messages = failures.map((failure) => String(failure));
    expect(
      messages.filter((message) => message.includes('users_password_hash_check')),
    ).toHaveLength(4);
    expect(messages.filter((message) => message.includes('transaction is aborted'))).toHaveLength(
      1,
    );
    expect(app.events.length).toBeGreaterThanOrEqual(3);
  });
});

/** The notes of the invalidations of this user, in the order in which the listener got them. */
function notesIn(events: readonly object[], id: string): unknown[] {
  const invalidations = events as readonly Partial<InvalidationEvent>[];
  return invalidations.filter(({ subject }) => subject === id).map(({ note }) => note);
}

/** A transaction, after its commit. */
async function committedTransaction(app: LayerApp): Promise<unknown> {
  let over: unknown;
  await app.users.transaction(async (transaction) => {
    over = transaction;
  });
  return over;
}

async function rolledBackTransaction(app: LayerApp): Promise<unknown> {
  let over: unknown;
  const failing = app.users.transaction(async (transaction) => {
    over = transaction;
    throw new Error('never mind');
  });
  await failureOf(failing);
  return over;
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error,
  );
}

/** How each of these writes fails, in one transaction. */
async function failuresInTransaction(
  app: LayerApp,
  writesIn: (transaction: unknown) => (() => Promise<unknown>)[],
): Promise<unknown[]> {
  const failures: unknown[] = [];
  const transaction = app.users.transaction(async (opened) => {
    for (const write of writesIn(opened)) failures.push(await failureOf(write()));
    throw new Error('never mind');
  });
  await failureOf(transaction);
  return failures;
}
