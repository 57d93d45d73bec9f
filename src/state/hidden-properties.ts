/** Hides some properties of a record. */
export type HideProperties = (record: object) => void;

/**
 * Hides properties from whatever copies or serialises a record: `JSON.stringify`, `structuredClone`,
 * `instanceToPlain`, a spread. So a handler that returns the user answers neither token state nor hash. Code reads and
 * writes them as before.
 *
 * @param paths - names of properties; `a.b` for one of an object within
 */
export function hideProperties(paths: readonly string[]): HideProperties {
  const names = paths.filter((path) => !path.includes('.'));
  const nested = paths.filter((path) => path.includes('.')).map((path) => path.split('.'));
  return (record) => {
    for (const name of names) hide(record, name);
    for (const path of nested) hide(ownerOf(record, path), path.at(-1)!);
  };
}

/** What holds the property at the end of the path. */
function ownerOf(record: object, path: readonly string[]): unknown {
  return path
    .slice(0, -1)
    .reduce<unknown>((owner, name) => Reflect.get(Object(owner), name), record);
}

/** What the record lacks stays missing. Asking first is cheap, and hiding is not. */
function hide(owner: unknown, name: string): void {
  if (typeof owner !== 'object' || owner === null) return;
  // A class may declare a field for a column that is not selected, such as the hash.
  const holds = Object.hasOwn(owner, name) && Reflect.get(owner, name) !== undefined;
  if (!holds || !isEnumerable(owner, name)) return;
  // A frozen object, which the application made so, stays as it is: no exception.
  Reflect.defineProperty(owner, name, HIDDEN);
}

/** Works for an object without a prototype too, and for one that hides its methods. */
function isEnumerable(owner: object, name: string): boolean {
  return Object.prototype.propertyIsEnumerable.call(owner, name);
}

const HIDDEN = { enumerable: false };
