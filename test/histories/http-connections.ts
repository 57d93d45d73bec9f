import { Agent, request } from 'node:http';

export interface HttpAnswer {
  /** Absent when the connection was refused or lost. */
  readonly status?: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface HttpQuestion {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly token?: string | undefined;
  readonly json?: object | undefined;
}

/** Longer than any time limit of the servers, and of their database. */
const TIMEOUT_MS = 30_000;

/** Connections that are kept, since a history asks some thousand times a second. */
export class HttpConnections {
  private readonly agent = new Agent({ keepAlive: true });

  ask(question: HttpQuestion): Promise<HttpAnswer> {
    const json = question.json === undefined ? undefined : JSON.stringify(question.json);
    const headers = {
      ...(question.token !== undefined && { authorization: `Bearer ${question.token}` }),
      ...(json !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(json),
      }),
    };
    return new Promise((resolve) => {
      const lost = (error: Error) => resolve({ body: { errorCode: error.message } });
      const { method, url } = question;
      const options = { method, headers, agent: this.agent, timeout: TIMEOUT_MS };
      const asked = request(url, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', lost);
        response.on('end', () =>
          resolve({ status: response.statusCode!, body: parsed(Buffer.concat(chunks)) }),
        );
      });
      asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.on('error', lost);
      asked.end(json);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

function parsed(body: Buffer): Record<string, unknown> {
  return body.length === 0 ? {} : (JSON.parse(body.toString()) as Record<string, unknown>);
}
