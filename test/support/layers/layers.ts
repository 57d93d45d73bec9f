import { drizzleLayer } from './drizzle.layer.js';
import type { Layer } from './layer.js';
import { pgLayer } from './pg.layer.js';
import { prismaLayer } from './prisma.layer.js';
import { typeOrmLayer } from './typeorm.layer.js';

/** Every data layer that has an entry. */
export const LAYERS: readonly Layer[] = [typeOrmLayer, pgLayer, prismaLayer, drizzleLayer];
