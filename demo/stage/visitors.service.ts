import { randomBytes } from 'node:crypto';
import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import { PasswordHasher } from '../auth/password-hasher.service.js';
import { UsersService } from '../users/users.service.js';
import { CarelessUser } from './careless-user.entity.js';

/** The user that a page plays with: each page that is opened has its own. */
export interface Visitor {
  readonly id: string;
  readonly email: string;
  readonly password: string;
}

const MAX_COPIES = 200;

const ROW = `
  SELECT u.id, u.email, right(u.password_hash, 12) AS password_hash_end, u.token_version,
    u.password_changed_at, u.logout_all_at, u.active, g.everyone_logged_out_at
  FROM users AS u, users_token_invalidation AS g
  WHERE u.id = $1`;

/** What happens to a user without the library. */
@Injectable()
export class Visitors {
  /** By the user's id: the user as loaded when the page was opened. */
  private readonly copies = new Map<string, Readonly<CarelessUser>>();

  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly dataSource: DataSource,
    @InjectRepository(CarelessUser) private readonly carelessUsers: Repository<CarelessUser>,
  ) {}

  async create(): Promise<Visitor> {
    const email = `sam-${randomBytes(3).toString('hex')}@example.com`;
    const password = randomBytes(6).toString('hex');
    const { id } = await this.users.create({
      email,
      passwordHash: await this.hasher.hash(password),
    });
    this.remember(await this.carelessUsers.findOneByOrFail({ id }));
    return { id, email, password };
  }

  /** The row as it is now, read without the library. */
  async row(id: string): Promise<object> {
    const [row] = await this.dataSource.query<object[]>(ROW, [id]);
    if (!row) throw new NotFoundException('There is no such user');
    return row;
  }

  /** An UPDATE as a script, psql or another service would send it. */
  async changePasswordBySql(id: string, password: string): Promise<void> {
    const hash = await this.hasher.hash(password);
    await this.dataSource.query('UPDATE users SET password_hash = $1 WHERE id = $2', [hash, id]);
  }

  /** Saves the copy that was loaded when the page was opened. Returns the version that it has, and the row's afterwards. */
  async saveStaleCopy(id: string): Promise<{ triedVersion: number; version: number }> {
    const copy = this.copies.get(id);
    if (!copy) throw new NotFoundException('There is no copy of this user: reload the page');
    // A copy of the copy, since save() writes into what it is given.
    await this.carelessUsers.save({ ...copy });
    const { tokenVersion } = await this.carelessUsers.findOneByOrFail({ id });
    return { triedVersion: copy.tokenVersion, version: tokenVersion };
  }

  private remember(user: CarelessUser): void {
    const [oldest] = this.copies.keys();
    if (this.copies.size >= MAX_COPIES && oldest !== undefined) this.copies.delete(oldest);
    this.copies.set(user.id, user);
  }
}
