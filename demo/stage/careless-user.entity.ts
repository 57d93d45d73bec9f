import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * The user as an application may have mapped it by itself, without `update: false`: `save()` then writes a version and
 * cutoffs back that are long out of date, and with them the tokens that they had ended. Here, the trigger is in the way.
 */
@Entity('users')
export class CarelessUser {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ type: 'text' })
  email!: string;

  @Column({ name: 'token_version', type: 'integer' })
  tokenVersion!: number;

  @Column({ name: 'password_changed_at', type: 'timestamptz', precision: 3, nullable: true })
  passwordChangedAt!: Date | null;

  @Column({ name: 'logout_all_at', type: 'timestamptz', precision: 3, nullable: true })
  logoutAllAt!: Date | null;
}
