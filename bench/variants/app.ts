import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { User } from '../user.entity.js';
import { startUsersApp } from './users-app.js';
import type { VariantContext } from './variant.js';

/** The application of the variants that know the users by TypeORM, listening, plus a variant's own parts. */
export function startApp(
  context: VariantContext,
  parts: ModuleMetadata,
): Promise<{ app: INestApplication; url: string }> {
  return startUsersApp(context, User, parts);
}
