import { Test } from '@nestjs/testing';
import {
  TokenInvalidationModule,
  TokenInvalidator,
  TokenIssuer,
  TokenStateStore,
  TokenVerifier,
} from 'nestjs-token-invalidation';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  InMemoryTokenStateStore,
  type InMemoryUser,
  type TokenStateStoreHarness,
  tokenStateStoreContract,
} from '../../src/testing/index.js';
import { SECRET } from '../support/create-app.js';
import { BROKEN_STORES } from '../support/storage/broken-stores.js';
import { ID_KINDS, type MakeStore, memoryHarness } from '../support/storage/memory-harness.js';

const whole: MakeStore = (clock) => new InMemoryTokenStateStore(clock);

describe.each(Object.entries(ID_KINDS))(
  'InMemoryTokenStateStore with a %s for an id',
  (_, nextId) => {
    tokenStateStoreContract({ describe, it }, memoryHarness(whole, nextId));
  },
);

describe('tokenStateStoreContract', () => {
  it('finds nothing wrong with a whole store', async () => {
    expect(await failuresOf(whole)).toEqual([]);
  });

  it.each(Object.entries(BROKEN_STORES))('fails a store that %s', async (_, makeStore) => {
    expect(await failuresOf(makeStore)).not.toEqual([]);
  });

  it('leaves out what the harness says there is not', () => {
    const all = memoryHarness(whole);
    const optional = ['softDeleteUser', 'recreateUser'];
    const required = Object.entries(all).filter(([name]) => !optional.includes(name));
    const fewer = casesOf(Object.fromEntries(required) as never);
    expect(fewer).toHaveLength(casesOf(all).length - optional.length);
  });
});

describe('InMemoryTokenStateStore', () => {
  let store: InMemoryTokenStateStore;
  beforeEach(() => {
    store = new InMemoryTokenStateStore();
  });

  it('keeps nothing of what the caller does to its objects', () => {
    const added = store.add({ id: '1', passwordHash: 'hash' });
    Object.assign(added, { tokenVersion: 9 });
    Object.assign(store.find('1')!, { passwordHash: 'other' });
    expect(store.find('1')).toMatchObject({ tokenVersion: 0, passwordHash: 'hash' });
  });

  it('invalidates when the hash is another, and at no other change', () => {
    store.add({ id: '1', passwordHash: 'hash' });
    expect(store.update('1', { deletedAt: null })).toMatchObject({ tokenVersion: 0 });
    expect(store.update('1', { passwordHash: 'hash' })).toMatchObject({ tokenVersion: 0 });
    expect(store.update('1', { passwordHash: 'new' })).toMatchObject({
      tokenVersion: 1,
      passwordChangedAt: expect.any(Date),
    });
  });

  it('lets no update touch the state', () => {
    store.add({ id: '1', passwordHash: 'hash' });
    const changes = { id: '2', tokenVersion: 7 } as object;
    expect(store.update('1', changes)).toMatchObject({ id: '1', tokenVersion: 0 });
  });

  it('says what is wrong with an id', () => {
    store.add({ id: '1', passwordHash: 'hash' });
    expect(() => store.add({ id: '1', passwordHash: 'hash' })).toThrow('"1" exists');
    expect(() => store.update('2', {})).toThrow('no user "2"');
    expect(() => store.remove('2')).not.toThrow();
  });

  it('gives up a transaction when others changed what it relied on', async () => {
    store.add({ id: '1', passwordHash: 'old' });
    const overtaken = store.transaction(async (transaction) => {
      const replacement = { currentHash: 'old', newHash: 'mine' };
      await store.changePassword('1', replacement, transaction);
      store.update('1', { passwordHash: 'theirs' });
    });
    await expect(overtaken).rejects.toThrow('rolled back');
    expect(store.find('1')).toMatchObject({ passwordHash: 'theirs', tokenVersion: 1 });
  });
});

describe('InMemoryTokenStateStore in the module', () => {
  const imports = [
    TokenInvalidationModule.forRoot({ secret: SECRET, store: InMemoryTokenStateStore }),
  ];
  const created = async () => {
    const module = await Test.createTestingModule({ imports }).compile();
    return {
      store: module.get<InMemoryTokenStateStore>(TokenStateStore),
      issuer: module.get<TokenIssuer<InMemoryUser>>(TokenIssuer),
      verifier: module.get<TokenVerifier<InMemoryUser>>(TokenVerifier),
      invalidator: module.get(TokenInvalidator),
      close: () => module.close(),
    };
  };
  let app: Awaited<ReturnType<typeof created>>;
  beforeEach(async () => {
    app = await created();
  });
  afterEach(() => app.close());

  it('stands in for the database', async () => {
    const user = app.store.add({ id: 'ann', passwordHash: 'hash' });
    const token = app.issuer.issue(user);
    expect(await app.verifier.verify(token)).toMatchObject({ accepted: true, user });

    await app.invalidator.logoutEverywhere('ann');

    expect(await app.verifier.verify(token)).toMatchObject({ reason: 'logged_out_everywhere' });
    const next = app.issuer.issue(app.store.find('ann')!);
    expect(await app.verifier.verify(next)).toMatchObject({ accepted: true });
  });
});

type Case = readonly [name: string, run: () => Promise<void>];

/** The contract's cases, collected and not run. */
function casesOf(harness: TokenStateStoreHarness): Case[] {
  const cases: Case[] = [];
  tokenStateStoreContract(
    {
      describe: (_name, body) => body(),
      it: (name, body) => cases.push([name, body]),
    },
    harness,
  );
  return cases;
}

/** The names of the cases that a store does not pass, with ids of any kind. */
async function failuresOf(makeStore: MakeStore): Promise<string[]> {
  const failures: string[] = [];
  for (const nextId of Object.values(ID_KINDS)) {
    for (const [name, run] of casesOf(memoryHarness(makeStore, nextId))) {
      await run().catch(() => failures.push(name));
    }
  }
  return failures;
}
