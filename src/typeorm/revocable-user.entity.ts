import { Column } from 'typeorm';

/** Where the values are: under symbols, which nothing that copies or serialises an object by its names reads. */
const TOKEN_VERSION = Symbol('tokenVersion');
const PASSWORD_CHANGED_AT = Symbol('passwordChangedAt');
const LOGOUT_ALL_AT = Symbol('logoutAllAt');

/**
 * The three columns that make a user's tokens revocable. Let the user entity extend it, or declare the same columns
 * yourself.
 *
 * `insert: false` and `update: false` keep TypeORM from writing them: a `save()` writes no stale version back, and none
 * that a request's body brought. `update()`, `increment()` and the query builder refuse to touch them too: call
 * `TokenInvalidator`.
 *
 * They are not enumerable: `JSON.stringify`, `instanceToPlain`, `structuredClone` and `{ ...user }` leave them out, so
 * that no response shows them. Issue tokens from the entity itself.
 *
 * @example
 * ```ts
 * @Entity('users')
 * export class User extends RevocableUser {
 *   @PrimaryGeneratedColumn()
 *   id: number;
 * }
 * ```
 */
export abstract class RevocableUser {
  declare private [TOKEN_VERSION]: number;
  declare private [PASSWORD_CHANGED_AT]: Date | null;
  declare private [LOGOUT_ALL_AT]: Date | null;

  /** Raised by one with each invalidation. */
  @Column({ name: 'token_version', type: 'integer', default: 0, insert: false, update: false })
  get tokenVersion(): number {
    return this[TOKEN_VERSION];
  }

  protected set tokenVersion(version: number) {
    this[TOKEN_VERSION] = version;
  }

  /** When the password last changed; `null`: never. */
  @Column({
    name: 'password_changed_at',
    type: 'timestamptz',
    precision: 3,
    nullable: true,
    insert: false,
    update: false,
  })
  get passwordChangedAt(): Date | null {
    return this[PASSWORD_CHANGED_AT];
  }

  protected set passwordChangedAt(instant: Date | null) {
    this[PASSWORD_CHANGED_AT] = instant;
  }

  /** When the user was last logged out everywhere; `null`: never. */
  @Column({
    name: 'logout_all_at',
    type: 'timestamptz',
    precision: 3,
    nullable: true,
    insert: false,
    update: false,
  })
  get logoutAllAt(): Date | null {
    return this[LOGOUT_ALL_AT];
  }

  protected set logoutAllAt(instant: Date | null) {
    this[LOGOUT_ALL_AT] = instant;
  }
}
