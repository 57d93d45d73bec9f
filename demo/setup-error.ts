/** Something that the person who starts the demo can put right. The message says what to do. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}
