import { type INestApplication, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { UserRow } from '../user-entity.js';
import { expressApp, fastifyApp, listen } from './plain-app.js';
import type { VariantContext } from './variant.js';

/** A variant's application over the users of this entity, listening. */
export async function startUsersApp(
  context: VariantContext,
  entity: Type<UserRow>,
  parts: ModuleMetadata,
): Promise<{ app: INestApplication; url: string }> {
  const typeorm = TypeOrmModule.forRoot({
    type: 'postgres',
    url: context.databaseUrl,
    entities: [entity],
    retryAttempts: 0,
  });

  @Module({ ...parts, imports: [typeorm, ...(parts.imports ?? [])] })
  class BenchModule {}

  const create = context.platform === 'express' ? expressApp : fastifyApp;
  const app = await create(BenchModule);
  return { app, url: await listen(app) };
}
