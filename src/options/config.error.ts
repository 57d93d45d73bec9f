/** The set-up cannot work. The message holds every problem found, each with what to do. Stops the boot. */
export class TokenInvalidationConfigError extends Error {
  override readonly name = 'TokenInvalidationConfigError';

  constructor(readonly problems: readonly string[]) {
    super(
      [
        'TokenInvalidationModule cannot start:',
        ...problems.map((problem) => `  - ${problem}`),
      ].join('\n'),
    );
  }
}
