import { until } from '../until.js';

/** Tries until the application has noticed that its database is back: a dead connection costs an attempt. */
export async function untilBack<Answer extends { readonly status: number }>(
  ask: () => Promise<Answer>,
): Promise<Answer> {
  let answer!: Answer;
  await until('the database is back', async () => (answer = await ask()).status !== 503);
  return answer;
}
