/** The options as the application gave them. */
export const OPTIONS = Symbol('nestjs-token-invalidation: options');

/** The options resolved and checked, and the set-up with them: what reaches it may be relied on. */
export const SETUP = Symbol('nestjs-token-invalidation: set-up');
