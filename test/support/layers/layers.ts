import { drizzleLayer } from './drizzle.layer.js';
import type { Layer } from './layer.js';
import { memoryLayer } from './memory.layer.js';
import { pgLayer } from './pg.layer.js';
import { prismaLayer } from './prisma.layer.js';
import { typeOrmLayer } from './typeorm.layer.js';

/** Every data layer over PostgreSQL that has an entry. */
export const LAYERS: readonly Layer[] = [typeOrmLayer, pgLayer, prismaLayer, drizzleLayer];

/** With the store for unit tests, which has neither SQL nor replicas nor outages. */
export const LAYERS_AND_MEMORY: readonly Layer[] = [...LAYERS, memoryLayer];
