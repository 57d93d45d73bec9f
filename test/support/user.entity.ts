import { RevocableUser } from 'nestjs-token-invalidation/typeorm';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A users table as the Nest docs have it, made revocable. */
@Entity('users')
export class User extends RevocableUser {
  @PrimaryColumn({ type: 'uuid', default: () => 'gen_random_uuid()' })
  id!: string;

  @Column({ type: 'text', unique: true })
  email!: string;

  @Column({ name: 'password_hash', type: 'text', select: false })
  passwordHash!: string;

  @Column({ type: 'text', default: 'member' })
  role!: string;

  @Column({ type: 'boolean', default: true })
  active!: boolean;
}
