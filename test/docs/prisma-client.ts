import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { root } from './code-blocks.js';

const installed = `${root}test/prisma/node_modules`;

/**
 * Generates the client of a schema where the schema says, and lets the code around it find the packages of Prisma, which
 * `npm run prisma` installs in a folder for themselves.
 */
export function generatePrismaClient(schema: string): void {
  symlinkSync(installed, `${dirname(schema)}/node_modules`, 'dir');
  const prisma = `${installed}/prisma/build/index.js`;
  execFileSync(process.execPath, [prisma, 'generate', '--schema', schema], {
    cwd: `${root}test/prisma`,
    stdio: 'pipe',
    // It would download the engine of `prisma migrate`, which it does not use.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
  });
}
