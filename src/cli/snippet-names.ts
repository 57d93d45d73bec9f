/** The name of a table or column in the style of a class: `users_token_invalidation` becomes `UsersTokenInvalidation`. */
export function pascalCase(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const joined = words.map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`).join('');
  return /^[A-Za-z]/.test(joined) ? joined : `Table${joined}`;
}

export function camelCase(name: string): string {
  const pascal = pascalCase(name);
  return `${pascal.slice(0, 1).toLowerCase()}${pascal.slice(1)}`;
}
