import { fileURLToPath } from 'node:url';

const source = (path) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

/** The tests run on the sources, under the names that an application imports. */
export const sourceAlias = [
  { find: /^nestjs-token-invalidation$/, replacement: source('index.ts') },
  ...['passport', 'pg', 'testing', 'typeorm'].map((entry) => ({
    find: new RegExp(`^nestjs-token-invalidation/${entry}$`),
    replacement: source(`${entry}/index.ts`),
  })),
];
