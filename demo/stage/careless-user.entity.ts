import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * The user as an application may map it, without `update: false`: `save()` then writes a version and
 * cutoffs back that are long out of date, which would make refused tokens valid again. The trigger prevents that.
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
