import {
  TokenInvalidationModule,
  type TokenInvalidationModuleOptions,
  TokenInvalidator,
  TokenStateUnavailableError,
} from 'nestjs-token-invalidation';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TRIGGER } from '../../../src/postgres/sql.js';
import { SECRET } from '../app-settings.js';
import { createDatabase, type TestDatabase } from '../database.js';
import { forge, REALM } from '../forge.js';
import { MeController } from '../me.controller.js';
import { createMemoryApp, type MemoryApp } from '../memory-app.js';
import { ANNA, BUSY, createStaff, moduleWith } from './staff.js';

export type Store = TokenInvalidationModuleOptions['store'];
type Imports = NonNullable<TokenInvalidationModuleOptions['imports']>;

interface Start {
  imports?: Imports;
  /** By `forRootAsync`: the store stands next to the factory. */
  byFactory?: boolean;
}

/** What an option does, and a test that fails when the option is ignored. */
export type Row = readonly [does: string, test: () => Promise<void>];

/** A store over the staff, with these options over those that it needs. */
type StoreWith = (options: object) => Store;

/** Another way for a store to its database, as its options. */
interface Connection {
  options: object;
  close: () => Promise<unknown>;
}

/** A role that is no superuser. Roles belong to the whole server, where other runs may be. */
const ROLE = `tti_options_${process.pid}_${Date.now()}`;

const givenOptions = () => ({ secret: SECRET });

/** Two databases with the same tables, of which only one has users, and applications over stores. */
export class OptionChecks {
  pool!: Pool;
  otherPool!: Pool;
  /** The users' database, and the one without users. */
  urls!: [string, string];
  private databases: TestDatabase[] = [];
  private readonly running: MemoryApp[] = [];

  async open(): Promise<void> {
    this.databases = [await createDatabase(), await createDatabase()];
    this.urls = this.databases.map(({ url }) => url) as [string, string];
    [this.pool, this.otherPool] = this.urls.map(
      (connectionString) => new Pool({ connectionString }),
    ) as [Pool, Pool];
    await createStaff(this.pool);
    await this.pool.query(
      `INSERT INTO users (id, email, password_hash) VALUES ('${ANNA}', 'anna@example.com', 'hash')`,
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.splice(0).map((app) => app.close()));
  }

  async close(): Promise<void> {
    await Promise.all([this.pool?.end(), this.otherPool?.end()]);
    await Promise.all(this.databases.map((database) => database.drop()));
  }

  async start(store: Store, { imports = [], byFactory = false }: Start = {}): Promise<MemoryApp> {
    const shape = { store, imports, globalGuard: true };
    const app = await createMemoryApp({
      controllers: [MeController],
      module: shape,
      ...(byFactory && {
        tokenModule: TokenInvalidationModule.forRootAsync({ ...shape, useFactory: givenOptions }),
      }),
    });
    this.running.push(app);
    return app;
  }

  /** How an application over the store answers a user; or, when it does not start, why. */
  async answer(
    store: Store,
    { id = ANNA, ...start }: Start & { id?: string } = {},
  ): Promise<unknown> {
    try {
      const app = await this.start(store, start);
      return await app.ask(forge({ sub: id, ver: 0 }), '/me');
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** The properties of the user that a request has. */
  async propertiesOfUser(store: Store): Promise<string[]> {
    const app = await this.start(store);
    const { body } = await app.get('/me', forge({ sub: ANNA, ver: 0 }));
    return Object.keys(body['user'] as object);
  }

  /** The options that every store over PostgreSQL takes. */
  sharedBy(storeWith: StoreWith, connect: (url: string) => Promise<Connection>) {
    return {
      everyoneTable: [
        'is the table of what concerns everyone',
        () => expectName(this, storeWith, 'everyoneTable', '"people_token_invalidation"'),
      ],
      realm: ['names the users of the table', () => expectRealm(this, storeWith)],
      checkSchema: [
        'says whether boot looks at the database',
        () => expectSchemaCheck(this, storeWith),
      ],
      seesAllRows: [
        'says that no policy hides a row',
        () =>
          this.asRole(async (url) => {
            const { options, close } = await connect(url);
            await expectSeesAllRows(this, (others) => storeWith({ ...options, ...others }));
            await this.stop();
            await close();
          }),
      ],
      writeTimeout: ['is how long a write may take', () => expectWriteTimeout(this, storeWith)],
    } satisfies Record<string, Row>;
  }

  /** While the policy of the staff applies to a role, whose URL `work` gets. */
  private async asRole(work: (url: string) => Promise<void>): Promise<void> {
    await this.pool.query(`
      CREATE ROLE ${ROLE};
      GRANT USAGE ON SCHEMA staff TO ${ROLE};
      GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA staff TO ${ROLE};
      CREATE POLICY every_row ON staff.people USING (true);
      ALTER TABLE staff.people ENABLE ROW LEVEL SECURITY`);
    try {
      const url = new URL(this.urls[0]);
      url.searchParams.set('options', `-c role=${ROLE}`);
      await work(url.href);
    } finally {
      await this.pool.query(`
        ALTER TABLE staff.people DISABLE ROW LEVEL SECURITY;
        DROP POLICY every_row ON staff.people;
        DROP OWNED BY ${ROLE};
        DROP ROLE ${ROLE}`);
    }
  }

  /** The names that a store takes, as its own message has them. */
  async namesOf(store: Store, path: string): Promise<string[]> {
    const text = String(await this.answer(store));
    const names = new RegExp(`${path}nothing is not an option: choose from (.*)\\.`).exec(text);
    return names![1]!.split(', ').toSorted();
  }
}

/** The store works with the option, and boot says what is missing without it. */
export async function expectName(
  checks: OptionChecks,
  storeWith: StoreWith,
  name: string,
  missing: string,
): Promise<void> {
  expect(await checks.answer(storeWith({}))).toBe(200);
  expect(await checks.answer(storeWith({ [name]: undefined }))).toContain(missing);
}

/** An injection token chooses between two databases, also next to a factory. */
export async function expectToken(
  checks: OptionChecks,
  storeWith: (token: string) => Store,
  [ours, theirs]: [object, object],
): Promise<void> {
  const imports = [moduleWith('OURS', ours), moduleWith('THEIRS', theirs)];
  for (const byFactory of [false, true]) {
    const start = { imports, byFactory };
    expect(await checks.answer(storeWith('OURS'), start)).toBe(200);
    expect(await checks.answer(storeWith('THEIRS'), start)).toBe('401 user_unknown');
  }
}

async function expectRealm(checks: OptionChecks, storeWith: StoreWith): Promise<void> {
  expect(await checks.answer(storeWith({ realm: REALM }))).toBe(200);
  for (const realm of ['others', undefined]) {
    expect(await checks.answer(storeWith({ realm }))).toBe('401 token_invalid');
  }
}

/** Boot refuses a disabled trigger, unless it does not look. */
async function expectSchemaCheck(checks: OptionChecks, storeWith: StoreWith): Promise<void> {
  await checks.pool.query(`ALTER TABLE staff.people DISABLE TRIGGER ${TRIGGER}`);
  expect(await checks.answer(storeWith({ checkSchema: false }))).toBe(200);
  for (const checkSchema of [true, undefined]) {
    expect(await checks.answer(storeWith({ checkSchema }))).toContain('ENABLE ALWAYS TRIGGER');
  }
  await checks.pool.query(`ALTER TABLE staff.people ENABLE ALWAYS TRIGGER ${TRIGGER}`);
}

/** Boot cannot know what a policy hides, unless it is declared. */
async function expectSeesAllRows(checks: OptionChecks, storeWith: StoreWith): Promise<void> {
  expect(await checks.answer(storeWith({ seesAllRows: true }))).toBe(200);
  for (const seesAllRows of [false, undefined]) {
    expect(await checks.answer(storeWith({ seesAllRows }))).toContain('row level security');
  }
}

/** A write that waits for a lock: it fails after a second, which boot has too, and still waits under the default limit. */
async function expectWriteTimeout(checks: OptionChecks, storeWith: StoreWith): Promise<void> {
  const impatient = await checks.start(storeWith({ writeTimeout: 1 }));
  const patient = await checks.start(storeWith({}));
  const holder = await checks.pool.connect();
  await holder.query(`BEGIN; SELECT FROM staff.people WHERE key = '${BUSY}' FOR UPDATE`);
  const waiting = invalidatorOf(patient).invalidate(BUSY);
  await expect(invalidatorOf(impatient).invalidate(BUSY)).rejects.toThrow(
    TokenStateUnavailableError,
  );
  await holder.query('ROLLBACK');
  holder.release();
  await expect(waiting).resolves.toMatchObject({ subject: BUSY });
}

export const invalidatorOf = ({ app }: MemoryApp): TokenInvalidator =>
  app.get(TokenInvalidator, { strict: false });

/** Opened before the tests of a file, and closed after them. */
export function useOptionChecks(): OptionChecks {
  const checks = new OptionChecks();
  beforeAll(() => checks.open());
  afterEach(() => checks.stop());
  afterAll(() => checks.close());
  return checks;
}

export interface OptionTests {
  /** What the messages about the options begin with. */
  readonly path: string;
  readonly tests: Readonly<Record<string, Row>>;
  /** A store with `nothing`, which is no option. */
  readonly withNothing: () => Store;
}

/** A test for each option, and that there is one for each that the store takes. */
export function describeOptions(checks: OptionChecks, tables: readonly OptionTests[]): void {
  describe.each(tables)('the options of $path', ({ path, tests, withNothing }) => {
    it.each(Object.entries(tests).map(([name, [does, test]]) => ({ name, does, test })))(
      '$name $does',
      async ({ test }) => {
        expect.hasAssertions();
        await test();
      },
    );

    it('each has its test, and a name that is none is named at boot', async () => {
      expect(await checks.namesOf(withNothing(), path)).toEqual(Object.keys(tests).toSorted());
    });
  });
}
