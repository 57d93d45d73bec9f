/** The record with all that it has for everyone to see, so that two can be compared: state and hash are hidden. */
export function shown<User extends object>(record: User): User {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(record));
  const visible = properties.map(([name, property]) => [name, { ...property, enumerable: true }]);
  return Object.create(
    Object.getPrototypeOf(record) as object,
    Object.fromEntries(visible) as PropertyDescriptorMap,
  ) as User;
}
