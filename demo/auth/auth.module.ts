import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { Accounts } from './accounts.service.js';
import { AuthController } from './auth.controller.js';
import { PasswordHasher } from './password-hasher.service.js';

@Module({
  imports: [UsersModule],
  controllers: [AuthController],
  providers: [Accounts, PasswordHasher],
  exports: [PasswordHasher],
})
export class AuthModule {}
