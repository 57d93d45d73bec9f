export { prismaStore } from './prisma-store.js';
export type { PrismaStoreOptions } from './prisma-store.js';
export type { PrismaTransaction } from './join-transaction.js';
