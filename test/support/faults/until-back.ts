/** Tries until the application has noticed that its database is back: a dead connection costs an attempt. */
export async function untilBack<Answer extends { readonly status: number }>(
  ask: () => Promise<Answer>,
): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
  }
}
