/** The options as the application gave them. */
export const OPTIONS = Symbol('nestjs-token-invalidation: options');

/** The options resolved and checked, and the store's set-up with them: what injects them can rely on both. */
export const RESOLVED_OPTIONS = Symbol('nestjs-token-invalidation: resolved options');

/** The options that shape the module. */
export const SHAPE = Symbol('nestjs-token-invalidation: shape');

/** What is wrong with the options that shape the module. */
export const SHAPE_PROBLEMS = Symbol('nestjs-token-invalidation: problems of the shape');

/**
 * Injection token of the clock that issuer and verifier use: for tests that override it in a compiled module.
 *
 * @example
 * ```ts
 * Test.createTestingModule({ imports: [AppModule] }).overrideProvider(TOKEN_CLOCK).useValue(new FrozenClock());
 * ```
 */
export const TOKEN_CLOCK = Symbol('nestjs-token-invalidation: clock');
