import { hash } from '@node-rs/argon2';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { UsersService } from '../users/users.service.js';

/** Known to everybody who reads this: the demo listens on this machine only. */
export const ADMINISTRATOR = {
  email: 'admin@example.com',
  password: 'the administrator of the demo',
} as const;

/** Costs of some years ago, so that the first login shows a re-hash. */
const OLD_COSTS = { memoryCost: 4096, timeCost: 3, parallelism: 1 };

/** Sees to it that there is an administrator. */
@Injectable()
export class AdministratorSeed implements OnApplicationBootstrap {
  constructor(private readonly users: UsersService) {}

  async onApplicationBootstrap(): Promise<void> {
    const { email, password } = ADMINISTRATOR;
    await this.users.insert({
      email,
      passwordHash: await hash(password, OLD_COSTS),
      role: 'admin',
    });
  }
}
