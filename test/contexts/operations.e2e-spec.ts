import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import type { DynamicModule } from '@nestjs/common';
import { Field, GraphQLModule, ObjectType, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { CurrentUser } from 'nestjs-token-invalidation';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createMemoryApp, type MemoryApp } from '../support/memory-app.js';

@ObjectType()
class Caller {
  @Field()
  id!: string;
}

@Resolver()
class CallerResolver {
  @Query(() => Caller)
  caller(@CurrentUser() user: Caller): Caller {
    return { id: user.id };
  }
}

const mercurius = (options: Partial<MercuriusDriverConfig> = {}) =>
  GraphQLModule.forRoot<MercuriusDriverConfig>({
    driver: MercuriusDriver,
    autoSchemaFile: true,
    ...options,
  });

const SERVERS: Record<string, { platform: 'express' | 'fastify'; graphql: () => DynamicModule }> = {
  Apollo: {
    platform: 'express',
    graphql: () =>
      GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true }),
  },
  Mercurius: { platform: 'fastify', graphql: mercurius },
  'Mercurius with compiled queries': { platform: 'fastify', graphql: () => mercurius({ jit: 1 }) },
};

describe.each(Object.entries(SERVERS))('operations of %s', (_, { platform, graphql }) => {
  let app: MemoryApp;

  beforeAll(async () => {
    app = await createMemoryApp({
      platform,
      imports: [graphql()],
      providers: [CallerResolver],
      module: { globalGuard: true },
    });
  });
  afterAll(() => app?.close());

  /** The callers that the operation found, or the codes of its errors. */
  async function ask(token: string | undefined, query = '{ caller { id } }'): Promise<unknown[]> {
    const { body } = await app.post('/graphql', token, { query });
    const { data, errors } = body as unknown as {
      data: Record<string, Caller> | null;
      errors?: { extensions: { code: string } }[];
    };
    return errors?.map(({ extensions }) => extensions.code) ?? Object.values(data!);
  }

  it('one has one verdict, however many fields it asks for', async () => {
    const read = vi.spyOn(app.store, 'read');
    const token = app.tokenOf('carl');
    const fields = '{ one: caller { id } two: caller { id } three: caller { id } }';
    expect(await ask(token, fields)).toEqual([{ id: 'carl' }, { id: 'carl' }, { id: 'carl' }]);
    expect(read.mock.calls.map(([queries]) => queries.length)).toEqual([1]);
    expect(await ask('word', fields)).toContain('token_invalid');
  });

  it('each has a verdict for itself, also when the same text is asked again', async () => {
    const [anna, bert] = [app.tokenOf('anna'), app.tokenOf('bert')];
    for (let time = 0; time < 4; time += 1) {
      expect(await ask(anna)).toEqual([{ id: 'anna' }]);
      expect(await ask(bert)).toEqual([{ id: 'bert' }]);
      expect(await ask(undefined)).toEqual(['token_missing']);
    }
    await app.store.invalidate({ subject: 'anna' }, 'logout');
    expect(await ask(anna)).toEqual(['logged_out_everywhere']);
    expect(await ask(bert)).toEqual([{ id: 'bert' }]);
  });
});
