export { prismaStore } from './prisma-store.js';
export type { PrismaStoreOptions } from './prisma-store.js';
export type { PrismaRecord } from './prisma-client.js';
export type { PrismaTransaction } from './join-transaction.js';
