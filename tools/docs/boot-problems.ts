/** A kind of problem at boot. */
export interface BootProblem {
  /** As the source has it; `…` stands for what varies. */
  readonly message: string;
  readonly cause: string;
  readonly fix: string;
}

/** A test finds each message in the source. */
export const BOOT_PROBLEMS: readonly BootProblem[] = [
  {
    message: 'secret and keys are both given: put the secret into keys, as { secret }.',
    cause: 'Both options are given.',
    fix: 'Keep `keys`.',
  },
  {
    message: 'keys: two have the kid …: give each a different one, or leave kid out.',
    cause: 'Two keys have one id, or one key is in the list twice.',
    fix: 'Remove one, or rename it.',
  },
  {
    message: '… has a secret and a key pair: give one of them.',
    cause: 'One entry of `keys` holds two keys.',
    fix: 'Make two entries of it.',
  },
  {
    message: 'the RSA key has … bits and … needs at least 2048',
    cause: 'A short RSA key.',
    fix: 'Generate a new one, as the message shows.',
  },
  {
    message: '… publicKey does not belong to privateKey: leave publicKey out and it is derived.',
    cause: 'The halves of two key pairs.',
    fix: 'Leave `publicKey` out.',
  },
  {
    message: '… is not an option: …',
    cause: 'A misspelt option, or one of another object.',
    fix: 'Correct its name, as the message may show, or move it. See [options](options.md).',
  },
  {
    message: '… shapes the module and is not read from a factory: put it next to useFactory.',
    cause: 'The factory of `forRootAsync` returns `store`, `endpoints` or the like.',
    fix: 'Put it next to the factory.',
  },
  {
    message: '… the factory: return it from the factory.',
    cause: 'An option such as `secret` is next to the factory.',
    fix: 'Return it from the factory.',
  },
  {
    message: 'there are no options: return them from the factory.',
    cause: 'The factory returns nothing.',
    fix: 'Return an object.',
  },
  {
    message: 'store … give typeOrmStore({ entity: User }) of nestjs-token-invalidation/typeorm, …',
    cause: '`store` is missing, or is no store.',
    fix: 'Give a store.',
  },
  {
    message: '… is …: give seconds as a number, or text with a unit such as …',
    cause: 'A duration without a unit, or out of bounds.',
    fix: "`900` or `'15m'`, not `'900'`.",
  },
  {
    message:
      '…: is empty: generate one with "openssl rand -base64 48", and check that the environment variable is set.',
    cause: 'There is no secret. Often the environment was read too early.',
    fix: 'Use `forRootAsync` with `ConfigService`: [recipe](recipes.md#take-the-options-from-a-service).',
  },
  {
    message: 'the secret has … bytes and … needs at least …',
    cause: 'A short secret can be guessed offline.',
    fix: 'Generate one: `openssl rand -base64 48`.',
  },
  {
    message: '…: is a … key, not a secret: give a key pair in keys, as { privateKey, publicKey }.',
    cause: 'Anyone with the public key could sign.',
    fix: 'Put it into `keys`, as `privateKey` or `publicKey`.',
  },
  {
    message:
      'keys[0]: only verifies, and the first key signs: put one with a secret or privateKey first.',
    cause: 'The first key is a public one.',
    fix: 'Put a key that signs first.',
  },
  {
    message:
      '… cannot be read as a … key: give PEM text, and mind that line breaks survive the environment variable.',
    cause: 'Often `\\n` in the environment variable is two characters.',
    fix: 'Replace them with line breaks.',
  },
  {
    message: '… is not registered with the data source: add it to "entities", …',
    cause: 'The entity is unknown to TypeORM.',
    fix: 'Add it to `entities`, or use `autoLoadEntities` and `forFeature`.',
  },
  {
    message: 'the data source is of type …: typeOrmStore() needs "postgres"; …',
    cause: 'The data source is not PostgreSQL.',
    fix: 'Write a store: [docs](store.md).',
  },
  {
    message: 'entity: … needs one primary column, of type …; it has …',
    cause: 'A composite key, or an id of another type.',
    fix: 'Give the users table one id column of one of the types.',
  },
  {
    message:
      '… has no column property …: extend RevocableUser, declare the column, or name yours with properties: …',
    cause: 'The entity lacks a state column.',
    fix: 'Extend `RevocableUser`. See [the entity](typeorm.md#the-entity).',
  },
  {
    message:
      'there is no TypeORM data source: import TypeOrmModule.forRoot({ … }) in the root module, …',
    cause: 'Nest finds no `DataSource`, or it has a name.',
    fix: "Import it, or give `dataSource: getDataSourceToken('…')`.",
  },
  {
    message:
      'typeOrmStore: the data source is not initialised: leave out manualInitialization, or initialise it in the dataSourceFactory of TypeOrmModule.forRootAsync(), …',
    cause:
      '`manualInitialization: true`. The module checks the database at boot, and reads the realm of the tokens.',
    fix: '`dataSourceFactory: (options) => new DataSource(options).initialize()`, after what has to come first.',
  },
  {
    message: '…: there is no pool: give pool an instance of pg.Pool, …',
    cause: 'Nest finds nothing under the injection token.',
    fix: 'Put the module that exports the pool into `imports`.',
  },
  {
    message: 'database: it cannot be reached: …: check the connection of the store, …',
    cause: 'The server is down, or the address, the credentials or the network are wrong.',
    fix: 'Correct what the message names. Start again when the server is up.',
  },
  {
    message:
      'database: … run the migration made with …, or set checkSchema: false when something else keeps it',
    cause: 'A column, a table or the trigger is missing.',
    fix: 'Run the migration, in this database and this schema.',
  },
  {
    message: 'database: the trigger … of … is disabled…: run ALTER TABLE … ENABLE ALWAYS TRIGGER …',
    cause: 'Somebody disabled it, as some restore scripts do.',
    fix: 'Enable it.',
  },
  {
    message: 'database: the trigger … watches the column … and the password is in …',
    cause: 'The migration and the store name different password columns.',
    fix: 'Correct one of them.',
  },
  {
    message:
      'database: the schema of … has version … of the part "core", and this release needs version …',
    cause: 'The library is newer than the schema.',
    fix: 'Add the migration that the message shows. See [versions](database.md#versions-of-the-schema).',
  },
  {
    message: '… needs a store that keeps sessions, and … has none: …',
    cause: 'The store is one of yours, without sessions.',
    fix: 'Take a store of this package, or implement `SessionStore`.',
  },
  {
    message: '… needs the option sessions: set sessions: …',
    cause: 'Endpoints of sessions without sessions.',
    fix: 'Set `sessions`. See [sessions](sessions.md).',
  },
  {
    message: 'endpoints.… needs endpoints.…: …',
    cause: 'The endpoint that reads this option is not switched on.',
    fix: 'Switch it on, or leave the option out.',
  },
  {
    message: 'endpoints.jwks needs a key pair: …',
    cause: 'All keys are secrets.',
    fix: 'Sign with a private key, or leave `jwks` out.',
  },
  {
    message: 'sessions.absolute is missing: …',
    cause: 'A login without an end.',
    fix: 'Name `absolute`, or a `preset`.',
  },
  {
    message: 'sessions.idle is … s: it must be longer than … s, …',
    cause: 'Use is noticed once in each life of an access token, so the session would seem idle.',
    fix: 'Lower `expiresIn`, or raise `idle`.',
  },
  {
    message: 'sessions.grace is … s: it must be longer than readTimeout and …',
    cause: 'A refresh that waits for the database would be too late.',
    fix: 'Raise `grace`, or give `0`.',
  },
  {
    message: 'sessions.keys: is missing, and access tokens are signed with a private key: …',
    cause: 'Refresh tokens need a secret, which is not derived from a private key.',
    fix: 'Give `sessions.keys`.',
  },
  {
    message: '… is request-scoped: make it a singleton (Scope.DEFAULT), …',
    cause: 'The store, the listener or the options factory depends on a request.',
    fix: 'Make it a singleton.',
  },
  {
    message: 'Two Passport strategies have the name …: that of revocableJwtStrategy() and …',
    cause: 'A strategy of yours has the same name, and Passport would silently use the last one.',
    fix: "Delete yours, or give another name: `revocableJwtStrategy('…')`.",
  },
  {
    message: 'RevocableJwtGuard is used in a module that does not see TokenInvalidationModule: …',
    cause: '`@UseGuards(RevocableJwtGuard)` in a module without the import.',
    fix: 'Set `isGlobal: true`, or import the module there.',
  },
];
