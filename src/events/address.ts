import { isIPv4, isIPv6 } from 'node:net';

/** How much of a client's address is kept. */
export type AddressPolicy = boolean | 'network';

/** As much of a client's address as the application keeps; `undefined` for what is no address. */
export function keptAddress(given: string | undefined, policy: AddressPolicy): string | undefined {
  if (policy === false || given === undefined) return undefined;
  // A zone belongs to this machine, and a socket that speaks both versions shows IPv4 inside of IPv6.
  const address = given.replace(/%.*/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  if (isIPv4(address)) return policy === 'network' ? networkOf4(address) : address;
  if (isIPv6(address)) return policy === 'network' ? networkOf6(address) : address;
  return undefined;
}

function networkOf4(address: string): string {
  return `${address.split('.').slice(0, 3).join('.')}.0/24`;
}

function networkOf6(address: string): string {
  const [head, tail = ''] = address.split('::') as [string, string?];
  const before = groupsOf(head);
  const after = groupsOf(tail);
  const zeros = 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after];
  return `${groups.slice(0, 3).join(':')}::/48`;
}

/** The groups of a part of an address. An IPv4 address at its end fills two, which no /48 shows. */
function groupsOf(part: string): string[] {
  const groups = part === '' ? [] : part.split(':');
  return groups.at(-1)?.includes('.') === true ? [...groups.slice(0, -1), '0', '0'] : groups;
}
