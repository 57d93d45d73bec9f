import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { User } from './user.entity.js';

export type NewUser = Pick<User, 'email' | 'passwordHash'> & Partial<Pick<User, 'role'>>;

@Injectable()
export class UsersService {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  /** @throws ConflictException when the address is taken */
  async create(values: NewUser): Promise<User> {
    if (!(await this.insert(values))) throw new ConflictException('This email is taken');
    return this.getByEmail(values.email);
  }

  /** `false`: the address is taken, and nothing was changed. */
  async insert(values: NewUser): Promise<boolean> {
    const { raw } = await this.users
      .createQueryBuilder()
      .insert()
      .values(values)
      .orIgnore()
      .returning('id')
      .execute();
    return (raw as unknown[]).length > 0;
  }

  /** @throws NotFoundException */
  async getByEmail(email: string): Promise<User> {
    const user = await this.users.findOneBy({ email });
    if (!user) throw new NotFoundException('There is no user with this email');
    return user;
  }

  /** The user with the password hash: only for a check of the password. */
  findWithHash(by: { email: string } | { id: string }): Promise<User | null> {
    return this.users.createQueryBuilder('user').addSelect('user.passwordHash').where(by).getOne();
  }

  /** @throws NotFoundException */
  async setActive(email: string, active: boolean): Promise<void> {
    const { affected } = await this.users.update({ email }, { active });
    if (!affected) throw new NotFoundException('There is no user with this email');
  }
}
