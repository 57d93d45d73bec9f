import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { Public, TokenStateStore } from 'nestjs-token-invalidation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';

@Public()
@Controller('health')
class HealthController {
  constructor(private readonly store: TokenStateStore) {}

  @Get()
  async check(): Promise<string[]> {
    const problems = await this.store.checkSetup();
    if (problems.length > 0) throw new ServiceUnavailableException({ problems });
    return problems;
  }
}

describe('the check of the set-up, asked by a health check of the application', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let app: TestApp;

  beforeAll(async () => {
    database = await createDatabase();
    proxy = await TcpProxy.open(database.url);
    app = await createApp({ url: proxy.url, controllers: [HealthController] });
  });
  afterAll(async () => {
    await app?.close();
    await proxy?.close();
    await database?.drop();
  });

  it('finds nothing wrong while nothing is', async () => {
    expect(await app.get('/health')).toMatchObject({ status: 200, body: [] });
  });

  it('names what somebody did to the database since boot, until it is undone', async () => {
    const change = (mode: string) =>
      app.dataSource.query(`ALTER TABLE users ${mode} TRIGGER zz_token_invalidation`);
    await change('DISABLE');
    const { status, body } = await app.get('/health');
    expect(status).toBe(503);
    expect(body['problems']).toEqual([expect.stringContaining('is disabled: run ALTER TABLE')]);
    await change('ENABLE ALWAYS');
    expect(await app.get('/health')).toMatchObject({ status: 200 });
  });

  it('is 503 while the database cannot be reached', async () => {
    await proxy.refuse();
    expect(await app.get('/health')).toMatchObject({
      status: 503,
      body: { errorCode: 'token_state_unavailable' },
    });
    await proxy.heal();
    expect(await app.get('/health')).toMatchObject({ status: 200 });
  });
});
