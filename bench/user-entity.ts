import {
  Column,
  CreateDateColumn,
  Entity,
  PrimaryGeneratedColumn,
  UpdateDateColumn,
} from 'typeorm';

/** What the library's base class gives, in every version. */
export interface RevocableColumns {
  readonly tokenVersion: number;
  readonly passwordChangedAt: Date | null;
  readonly logoutAllAt: Date | null;
}

/** The type of the class's users. */
export interface UserRow extends RevocableColumns {
  readonly id: string;
  email: string;
  passwordHash: string;
  displayName: string;
  role: string;
  active: boolean;
  locale: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A user as applications have one: twelve columns, three of them from the library, whose version brings its own. */
export function userEntity(Revocable: abstract new () => RevocableColumns): new () => UserRow {
  @Entity('users')
  class User extends Revocable implements UserRow {
    @PrimaryGeneratedColumn('uuid')
    readonly id!: string;

    @Column({ type: 'text', unique: true })
    email!: string;

    @Column({ name: 'password_hash', type: 'text', select: false })
    passwordHash!: string;

    @Column({ name: 'display_name', type: 'text' })
    displayName!: string;

    @Column({ type: 'text', default: 'member' })
    role!: string;

    @Column({ type: 'boolean', default: true })
    active!: boolean;

    @Column({ type: 'text', default: 'en' })
    locale!: string;

    @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
    readonly createdAt!: Date;

    @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
    readonly updatedAt!: Date;
  }
  return User;
}
