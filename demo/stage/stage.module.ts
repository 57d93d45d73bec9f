import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from '../auth/auth.module.js';
import { DemoDatabase } from '../demo-database.js';
import { UsersModule } from '../users/users.module.js';
import { CarelessUser } from './careless-user.entity.js';
import { SecondNode } from './second-node.js';
import { SessionRows } from './session-rows.service.js';
import { StageController } from './stage.controller.js';
import { Visitors } from './visitors.service.js';

/** What the page needs beyond the application that it shows. */
@Module({})
export class StageModule {
  static register(database: DemoDatabase, secondNode: SecondNode): DynamicModule {
    return {
      module: StageModule,
      imports: [TypeOrmModule.forFeature([CarelessUser]), AuthModule, UsersModule],
      controllers: [StageController],
      providers: [
        Visitors,
        SessionRows,
        { provide: DemoDatabase, useValue: database },
        { provide: SecondNode, useValue: secondNode },
      ],
    };
  }
}
