import { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { prismaStore, type PrismaStoreOptions } from './prisma-store.js';

const pool = new Pool();
const fields = ['id', 'tokenVersion', 'passwordChangedAt'].map((name) => ({
  name,
  kind: 'scalar',
  type: 'String',
}));
const client = {
  $connect: () => {},
  _runtimeDataModel: { models: { User: { dbName: 'users', fields } } },
};

const problemsOf = (options: Partial<Record<keyof PrismaStoreOptions, unknown>>) =>
  prismaStore(options as PrismaStoreOptions)
    .useFactory()
    .checkSetup();

describe('prismaStore says what is wrong with', () => {
  it.each([
    [
      { client, pool },
      ["prismaStore: model is missing: name the users model, as in 'user' for prisma.user."],
    ],
    [
      { client, pool, model: 'account' },
      ['prismaStore: the client has no model "account": choose from user.'],
    ],
    [
      { client, pool, model: 'user' },
      [
        `prismaStore: the model User has no field "logoutAllAt": declare it, with @map where the column has another name, or name yours with logoutAllAt: '…'.`,
      ],
    ],
    [
      { model: 'user' },
      [
        'prismaStore: there is no client: give client an instance of PrismaClient, or the injection token of one that a module of the option imports exports.',
        'prismaStore: there is no pool: give pool the Pool of pg that the adapter has, as in new PrismaPg(pool), or its injection token.',
      ],
    ],
  ])('%o', async (options, problems) => {
    expect(await problemsOf(options)).toEqual(problems);
  });
});

it('the client and the pool by their tokens are injected, in that order', () => {
  const tokens = [Symbol('client'), Symbol('pool')] as const;
  const { inject } = prismaStore({ client: tokens[0], pool: tokens[1], model: 'user' });
  expect(inject).toEqual(tokens.map((token) => ({ token, optional: true })));
});
