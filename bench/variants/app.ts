import { type INestApplication, Module, type ModuleMetadata } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { User } from '../user.entity.js';
import { expressApp, fastifyApp, listen } from './plain-app.js';
import type { VariantContext } from './variant.js';

/** The application of the variants that know the users by TypeORM, listening, plus a variant's own parts. */
export async function startApp(
  context: VariantContext,
  parts: ModuleMetadata,
): Promise<{ app: INestApplication; url: string }> {
  const typeorm = TypeOrmModule.forRoot({
    type: 'postgres',
    url: context.databaseUrl,
    entities: [User],
    retryAttempts: 0,
  });

  @Module({ ...parts, imports: [typeorm, ...(parts.imports ?? [])] })
  class BenchModule {}

  const create = context.platform === 'express' ? expressApp : fastifyApp;
  const app = await create(BenchModule);
  return { app, url: await listen(app) };
}
