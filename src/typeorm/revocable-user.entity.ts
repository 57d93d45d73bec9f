import { Column } from 'typeorm';

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
  // Private, because nothing that copies or serialises an object reaches such a field.
  #tokenVersion: number | undefined;
  #passwordChangedAt: Date | null | undefined;
  #logoutAllAt: Date | null | undefined;

  /** Raised by one with each invalidation. */
  @Column({ name: 'token_version', type: 'integer', default: 0, insert: false, update: false })
  get tokenVersion(): number {
    return (#tokenVersion in this ? this.#tokenVersion : undefined) as number;
  }

  protected set tokenVersion(version: number) {
    if (#tokenVersion in this) this.#tokenVersion = version;
    else hide(this, 'tokenVersion', version);
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
    return (#passwordChangedAt in this ? this.#passwordChangedAt : undefined) as Date | null;
  }

  protected set passwordChangedAt(instant: Date | null) {
    if (#passwordChangedAt in this) this.#passwordChangedAt = instant;
    else hide(this, 'passwordChangedAt', instant);
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
    return (#logoutAllAt in this ? this.#logoutAllAt : undefined) as Date | null;
  }

  protected set logoutAllAt(instant: Date | null) {
    if (#logoutAllAt in this) this.#logoutAllAt = instant;
    else hide(this, 'logoutAllAt', instant);
  }
}

/** An object that was made without its constructor has no private fields: TypeORM's `entitySkipConstructor` makes such. */
function hide(user: object, name: string, value: unknown): void {
  Object.defineProperty(user, name, {
    value,
    enumerable: false,
    writable: true,
    configurable: true,
  });
}
