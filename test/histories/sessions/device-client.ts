import { completionOf } from '../client.js';
import type { HttpAnswer, HttpQuestion } from '../http-connections.js';
import type { Operation, OperationKind } from '../operation.js';
import type { Random } from '../random.js';
import type { Completion } from '../recorder.js';
import type { ServerProcess } from '../server-process.js';
import type { World } from '../world.js';
import { logInMeanwhile } from './logging-in.js';
import { act } from './session-actions.js';
import type { SessionAnswer, SessionDeed } from './session-operation.js';
import { readAccess, readRefresh } from './session-token-text.js';
import type { SessionUser } from './session-user.js';
import type { TimeLapse } from './time-lapse.js';

/** What a client asks of a server. */
export interface SessionErrand {
  readonly kind: OperationKind;
  readonly user: SessionUser;
  readonly session?: SessionDeed;
  /** What an activation sets. */
  readonly active?: boolean;
  readonly question: Omit<HttpQuestion, 'url'> & { readonly path: string };
  /** What the answer to an operation that took effect says besides its tokens. */
  readonly read?: (body: HttpAnswer['body']) => Partial<Completion>;
}

/** One of those who use devices, or steal from them, one operation after the other. */
export class DeviceClient {
  constructor(
    readonly world: World<SessionUser>,
    readonly number: number,
    private readonly parts: { readonly random: Random; readonly lapse: TimeLapse },
  ) {}

  get random(): Random {
    return this.parts.random;
  }

  async run(): Promise<void> {
    while (!this.world.stopping) {
      const isUrgent = this.world.users.isLoggingOutEveryone && this.random.percent(30);
      const action = isUrgent ? logInMeanwhile : act;
      await this.world.users.lend(this.random, (user) => action(this, user));
    }
  }

  /** Asks one of the servers that are up, any of them. */
  ask({ question, read, ...invocation }: SessionErrand): Promise<Operation> {
    const server = this.random.pick(this.world.servers.filter(({ life }) => life !== undefined));
    const { url } = server.life!;
    return this.world.recorder.perform(
      { ...invocation, client: this.number, process: server.index },
      async () => {
        const { path, ...rest } = question;
        const answer = await this.world.http.ask({ ...rest, url: url + path });
        const completion = {
          ...completionOf(answer),
          answer: this.answerOf(answer.body, server),
        };
        if (completion.outcome !== 'done' || read === undefined) return completion;
        return { ...completion, ...read(answer.body) };
      },
    );
  }

  private answerOf(body: HttpAnswer['body'], { clockOffsetSeconds }: ServerProcess): SessionAnswer {
    const { access_token: access, refresh_token: refresh, checkedAt } = body;
    return {
      nodeTime: this.parts.lapse.now() + clockOffsetSeconds * 1000,
      ...(typeof access === 'string' && { access: readAccess(access) }),
      ...(typeof refresh === 'string' && { refresh: readRefresh(refresh) }),
      ...(typeof checkedAt === 'number' && { checkedAt }),
    };
  }
}
