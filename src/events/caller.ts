import { type AddressPolicy, keptAddress } from './address.js';

/** Who calls, and from where, as far as the application says it. */
export interface Caller {
  /** Who does it, in the application's words: an administrator's id, say. Passed on to the listener. */
  by?: string | undefined;
  /** The client's address. The option `sessions.address` says how much of it is kept. */
  address?: string | undefined;
}

/** What an event says of its caller. */
export function callerOf({ by, address: given }: Caller, policy: AddressPolicy) {
  const address = keptAddress(given, policy);
  return { ...(by !== undefined && { by }), ...(address !== undefined && { address }) };
}
