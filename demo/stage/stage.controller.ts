import {
  Body,
  ConflictException,
  Controller,
  Get,
  HttpCode,
  HttpStatus,
  Param,
  ParseIntPipe,
  ParseUUIDPipe,
  Post,
  UseGuards,
} from '@nestjs/common';
import { Public } from 'nestjs-token-invalidation';
import type { RunningPostgres } from '../../tools/embedded-postgres/embedded-postgres.js';
import { ADMINISTRATOR } from '../admin/administrator.js';
import { DemoDatabase } from '../demo-database.js';
import { fieldsOf, readNewPassword } from '../http/read-body.js';
import { ReadPipe } from '../http/read.pipe.js';
import { LocalOnlyGuard } from './local-only.guard.js';
import { SecondNode } from './second-node.js';
import { SessionRows } from './session-rows.service.js';
import { type Visitor, Visitors } from './visitors.service.js';

/** What the page needs when it is opened. */
interface Opening {
  readonly visitor: Visitor;
  readonly administrator: { readonly email: string; readonly password: string };
  readonly databaseCanBeStopped: boolean;
}

/** What happens on the page apart from calls of the API: no application should have any of it. */
@Public()
@UseGuards(LocalOnlyGuard)
@Controller('stage')
export class StageController {
  constructor(
    private readonly visitors: Visitors,
    private readonly sessionRows: SessionRows,
    private readonly database: DemoDatabase,
    private readonly secondNode: SecondNode,
  ) {}

  @Post('visitors')
  async open(): Promise<Opening> {
    // After the database was stopped, a reload starts over.
    await this.database.ownServer?.bringBack();
    return {
      visitor: await this.visitors.create(),
      administrator: ADMINISTRATOR,
      databaseCanBeStopped: this.database.ownServer !== undefined,
    };
  }

  @Get('visitors/:id')
  async rows(@Param('id', ParseUUIDPipe) id: string): Promise<object> {
    const [user, sessions] = await Promise.all([this.visitors.row(id), this.sessionRows.of(id)]);
    return { user, sessions };
  }

  @Post('visitors/:id/time-passes')
  @HttpCode(HttpStatus.NO_CONTENT)
  async letTimePass(
    @Param('id', ParseUUIDPipe) id: string,
    @Body('seconds', ParseIntPipe) seconds: number,
  ): Promise<void> {
    await this.sessionRows.age(id, seconds);
  }

  @Post('visitors/:id/password-by-sql')
  @HttpCode(HttpStatus.NO_CONTENT)
  async changePasswordBySql(
    @Param('id', ParseUUIDPipe) id: string,
    @Body(new ReadPipe((body) => readNewPassword(fieldsOf(body), 'password'))) password: string,
  ): Promise<void> {
    await this.visitors.changePasswordBySql(id, password);
  }

  @Post('visitors/:id/stale-save')
  @HttpCode(HttpStatus.OK)
  saveStaleCopy(
    @Param('id', ParseUUIDPipe) id: string,
  ): Promise<{ triedVersion: number; version: number }> {
    return this.visitors.saveStaleCopy(id);
  }

  @Post('database/stop')
  @HttpCode(HttpStatus.NO_CONTENT)
  async stopDatabase(): Promise<void> {
    await this.ownServer().takeDown();
  }

  @Post('database/start')
  @HttpCode(HttpStatus.NO_CONTENT)
  async startDatabase(): Promise<void> {
    await this.ownServer().bringBack();
  }

  @Post('second-node')
  @HttpCode(HttpStatus.NO_CONTENT)
  async startSecondNode(): Promise<void> {
    await this.secondNode.start();
  }

  private ownServer(): RunningPostgres {
    const server = this.database.ownServer;
    if (server) return server;
    throw new ConflictException('The database of DATABASE_URL is not ours to stop');
  }
}
