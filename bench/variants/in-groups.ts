/** The items in their order, so many at a time. */
export function inGroups<Item>(items: readonly Item[], size: number): Item[][] {
  const groups = Math.ceil(items.length / size);
  return Array.from({ length: groups }, (_, n) => items.slice(n * size, (n + 1) * size));
}
