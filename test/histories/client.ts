import { ACTIONS } from './actions.js';
import type { HttpAnswer, HttpQuestion } from './http-connections.js';
import type { HeldToken, HistoryUser } from './history-user.js';
import type { IssuedToken, Operation, Outcome } from './operation.js';
import type { Random } from './random.js';
import type { Begun, Completion, Invocation } from './recorder.js';
import type { ServerProcess } from './server-process.js';
import type { World } from './world.js';

/** What a client asks of a server. */
export interface Errand extends Omit<Invocation, 'client' | 'process' | 'token'> {
  readonly question: Omit<HttpQuestion, 'url' | 'token'> & { readonly path: string };
  readonly held?: HeldToken | undefined;
  /** What the answer to an operation that took effect tells. */
  readonly read?:
    ((body: HttpAnswer['body'], context: ReadContext) => Partial<Completion>) | undefined;
}

export interface ReadContext {
  readonly begun: Begun;
  readonly server: ServerProcess;
}

/** One of those who use the application, one operation after the other. */
export class Client {
  constructor(
    readonly world: World,
    readonly number: number,
    readonly random: Random,
  ) {}

  async run(): Promise<void> {
    while (!this.world.stopping) {
      const act = this.random.weighted(ACTIONS);
      await this.world.users.lend(this.random, (user) => act(this, user));
    }
  }

  /** Asks one of the servers that are up, any of them: whatever was done at another, it must know. */
  async ask(errand: Errand): Promise<Operation> {
    const { question, held, read, ...invocation } = errand;
    const server = this.chooseServer(held?.known);
    const { url } = server.life!;
    const operation = await this.world.recorder.perform(
      {
        ...invocation,
        client: this.number,
        process: server.index,
        ...(held && { token: held.known }),
      },
      async (begun) => {
        const { path, ...rest } = question;
        const answer = await this.world.http.ask({ ...rest, url: url + path, token: held?.raw });
        const completion = completionOf(answer);
        if (completion.outcome !== 'done' || read === undefined) return completion;
        return { ...completion, ...read(answer.body, { begun, server }) };
      },
    );
    if (held !== undefined) held.refused = operation.outcome === 'refused';
    return operation;
  }

  /** Takes over a token that an answer holds. */
  keep(
    user: HistoryUser,
    raw: string,
    origin: Omit<IssuedToken, 'id' | 'iat' | 'ver'>,
  ): IssuedToken {
    const payload = Buffer.from(raw.split('.')[1]!, 'base64url').toString();
    const { iat, ver } = JSON.parse(payload) as { iat: number; ver: number };
    const token = { ...origin, id: this.world.recorder.nextTokenId(), iat, ver };
    user.hold(raw, token);
    return token;
  }

  private chooseServer(token?: IssuedToken): ServerProcess {
    const up = this.world.servers.filter(({ life }) => life !== undefined);
    const legacy = token !== undefined && token.ver === undefined;
    const able = legacy ? up.filter((server) => server.legacy) : up;
    return this.random.pick(able);
  }
}

export function completionOf({ status, body }: HttpAnswer): Completion {
  const reason = body['errorCode'] ?? body['message'];
  return {
    outcome: outcomeOf(status),
    ...(status !== undefined && { status }),
    ...(reason !== undefined && { reason: reason as string }),
  };
}

function outcomeOf(status: number | undefined): Outcome {
  if (status === undefined || status >= 500) return 'unknown';
  return status < 300 ? 'done' : 'refused';
}
