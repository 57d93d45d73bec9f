import { Column } from 'typeorm';

const HIDDEN = { value: undefined, enumerable: false, writable: true, configurable: true };

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
  /** Raised by one with each invalidation. */
  @Column({ name: 'token_version', type: 'integer', default: 0, insert: false, update: false })
  readonly tokenVersion!: number;

  /** When the password last changed; `null`: never. */
  @Column({
    name: 'password_changed_at',
    type: 'timestamptz',
    precision: 3,
    nullable: true,
    insert: false,
    update: false,
  })
  readonly passwordChangedAt!: Date | null;

  /** When the user was last logged out everywhere; `null`: never. */
  @Column({
    name: 'logout_all_at',
    type: 'timestamptz',
    precision: 3,
    nullable: true,
    insert: false,
    update: false,
  })
  readonly logoutAllAt!: Date | null;

  constructor() {
    Object.defineProperty(this, 'tokenVersion', HIDDEN);
    Object.defineProperty(this, 'passwordChangedAt', HIDDEN);
    Object.defineProperty(this, 'logoutAllAt', HIDDEN);
  }
}
