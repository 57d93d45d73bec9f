import type { Variant } from './variant.js';

/** One variant without the code of the others, which would count in its memory. Its file is named after it. */
export async function loadVariant(name: string): Promise<Variant> {
  const exports = (await import(`./${name}.variant.js`)) as Record<string, Variant>;
  const variant = Object.values(exports).find((candidate) => candidate.name === name);
  if (!variant) throw new Error(`There is no variant ${name}.`);
  return variant;
}
