/** Work that waits for its turn, and everyone who waits for its answer. */
interface Waiting {
  readonly begin: () => Promise<void>;
  readonly answer: Promise<unknown>;
}

/**
 * Does the work of a session one piece at a time, so that a session holds one connection of the pool at most. Callers
 * with the same token who wait at the same time share an answer, and every answer is of work that began after its
 * caller came: what ended the session before that is seen.
 */
export class SessionTurns<Answer> {
  private readonly lines = new Map<string, Map<string, Waiting>>();

  /**
   * @param token - only callers with this very text share an answer: an old token must not get that of the valid one
   */
  take(session: string, token: string, work: () => Promise<Answer>): Promise<Answer> {
    const line = this.lines.get(session);
    if (line !== undefined) return join(line, token, work);

    const begun = new Map<string, Waiting>();
    this.lines.set(session, begun);
    const answer = join(begun, token, work);
    void this.serve(session, begun);
    return answer;
  }

  private async serve(session: string, line: Map<string, Waiting>): Promise<void> {
    for (const [token, waiting] of line) {
      // A caller who comes from here on needs work that begins later.
      line.delete(token);
      await waiting.begin();
    }
    this.lines.delete(session);
  }
}

function join<Answer>(
  line: Map<string, Waiting>,
  token: string,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const known = line.get(token);
  if (known !== undefined) return known.answer as Promise<Answer>;

  const waiting = wait(work);
  line.set(token, waiting);
  return waiting.answer as Promise<Answer>;
}

function wait<Answer>(work: () => Promise<Answer>): Waiting {
  let settle!: (answer: Promise<Answer>) => void;
  const answer = new Promise<Answer>((resolve) => {
    settle = resolve;
  });
  const begin = async () => {
    const working = work();
    settle(working);
    await working.catch(() => {});
  };
  return { begin, answer };
}
