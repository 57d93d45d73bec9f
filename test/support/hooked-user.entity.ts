import { RevocableUser } from 'nestjs-token-invalidation/typeorm';
import { AfterLoad, Column, Entity, PrimaryColumn } from 'typeorm';

/** The users of the other entity. Because of its hook TypeORM's `find` loads them, over the application's pool. */
@Entity('users')
export class HookedUser extends RevocableUser {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ type: 'text' })
  role!: string;

  @Column({ type: 'boolean' })
  active!: boolean;

  @AfterLoad()
  loaded(): void {
    if (this.role === 'broken') throw new Error('This user cannot be loaded.');
  }
}
