import { Logger, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getDataSourceToken, TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { type Clock, TokenInvalidationModule, TokenIssuer } from 'nestjs-token-invalidation';
import { FrozenClock, InMemoryTokenStateStore } from 'nestjs-token-invalidation/testing';
import { typeOrmStore } from 'nestjs-token-invalidation/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { SECRET } from '../support/app-settings.js';
import { createApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { createMemoryApp } from '../support/memory-app.js';
import { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database?.drop());

const NOT_INITIALISED =
  /the data source is not initialised: leave out manualInitialization, or initialise it in the dataSourceFactory/;

const options = (): TypeOrmModuleOptions => ({
  type: 'postgres',
  url: database.url,
  entities: [User],
  manualInitialization: true,
});

async function boot(typeorm: ReturnType<typeof TypeOrmModule.forRoot>, dataSource?: DataSource) {
  const store = typeOrmStore({ entity: User, ...(dataSource && { dataSource }) });
  const builder = Test.createTestingModule({
    imports: [typeorm, TokenInvalidationModule.forRoot({ store, secret: SECRET })],
  });
  const app = await builder.compile();
  onTestFinished(() => app.close());
  return app;
}

describe('a data source that the application initialises itself', () => {
  it('stops the boot when that comes later, and the error says what to do', async () => {
    await expect(boot(TypeOrmModule.forRoot(options()))).rejects.toThrow(NOT_INITIALISED);
  });

  it('stops it also when it is given as an instance', async () => {
    const dataSource = new DataSource(options() as DataSourceOptions);
    @Module({})
    class NoTypeOrm {}
    await expect(boot({ module: NoTypeOrm }, dataSource)).rejects.toThrow(NOT_INITIALISED);
  });

  it('works when the factory of the data source does it, as the error says', async () => {
    const app = await boot(
      TypeOrmModule.forRootAsync({
        useFactory: options,
        dataSourceFactory: async (given) => new DataSource(given!).initialize(),
      }),
    );
    const user = await createUser(app.get(getDataSourceToken()));
    expect(app.get(TokenIssuer).issue(user)).toMatch(/^ey/);
  });

  it('works when it was initialised before', async () => {
    const dataSource = await new DataSource(options() as DataSourceOptions).initialize();
    onTestFinished(async () => dataSource.destroy());
    @Module({})
    class NoTypeOrm {}
    const app = await boot({ module: NoTypeOrm }, dataSource);
    expect(app.get(TokenIssuer).issue(await createUser(dataSource))).toMatch(/^ey/);
  });
});

const MINUTE = 60_000;

/** What is said at boot about the clock, over a real database. */
async function warningsOf(clock: Clock, expiresIn: string): Promise<string[]> {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  const app = await createApp({ url: database.url, module: { clock, expiresIn } });
  await app.close();
  const said = warn.mock.calls.map(([text]) => String(text));
  warn.mockRestore();
  return said.filter((text) => text.includes('clock'));
}

describe('a clock that differs from the database’s by as long as tokens live', () => {
  it.each([
    [10 * MINUTE, 'ahead of'],
    [-10 * MINUTE, 'behind'],
  ])('is warned of: by %d ms', async (by, word) => {
    const clock = { now: () => Date.now() + by };
    expect(await warningsOf(clock, '5m')).toEqual([
      expect.stringMatching(`clock is \\d+ s ${word} the database's, and tokens live 300 s`),
    ]);
  });

  it('is not warned of where tokens live longer, or clocks agree', async () => {
    expect(await warningsOf({ now: () => Date.now() + 10 * MINUTE }, '1h')).toEqual([]);
    expect(await warningsOf({ now: () => Date.now() }, '1m')).toEqual([]);
  });

  it('is what refuses a new token, as the warning says', async () => {
    const behind = new FrozenClock(Date.now() - 10 * MINUTE);
    const [one, other] = await Promise.all(
      [behind, new FrozenClock()].map((clock) =>
        createApp({ url: database.url, clock, module: { expiresIn: '5m' } }),
      ),
    );
    const token = one!.issuer.issue(await createUser(one!.dataSource));
    expect(await one!.ask(token)).toBe(200);
    expect(await other!.ask(token)).toBe('401 token_expired');
    await Promise.all([one!.close(), other!.close()]);
  });

  it('is not asked of a store without a clock', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    const app = await createMemoryApp({ module: { store: InMemoryTokenStateStore } });
    await app.close();
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});
