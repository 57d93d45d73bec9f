import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { AdminController } from './admin.controller.js';
import { AdministratorSeed } from './administrator.js';

@Module({
  imports: [UsersModule],
  controllers: [AdminController],
  providers: [AdministratorSeed],
})
export class AdminModule {}
