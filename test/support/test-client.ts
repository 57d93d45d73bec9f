/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** Speaks HTTP to an application, as a client of it would. */
export class TestClient {
  constructor(readonly url: string) {}

  get(path: string, token?: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', path, { token, headers });
  }

  post(path: string, token?: string, json?: object): Promise<Answer> {
    return this.send('POST', path, { token, json });
  }

  /** The token of a login that must succeed. */
  async login(email: string, password: string): Promise<string> {
    const { status, body } = await this.post('/auth/login', undefined, { email, password });
    if (status !== 200) throw new Error(`The login of ${email} was answered with ${status}`);
    return body['token'] as string;
  }

  /** 200, or the code of the refusal: what most tests want to know of a token. */
  async ask(token: string, path = '/auth/me'): Promise<200 | string> {
    const { status, body } = await this.get(path, token);
    return status === 200 ? 200 : `${status} ${String(body['errorCode'])}`;
  }

  async send(
    method: string,
    path: string,
    parts: {
      token?: string | undefined;
      json?: object | undefined;
      headers?: Record<string, string>;
    },
  ): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(parts.token !== undefined && { authorization: `Bearer ${parts.token}` }),
        ...(parts.json && { 'content-type': 'application/json' }),
        ...parts.headers,
      },
      ...(parts.json && { body: JSON.stringify(parts.json) }),
    });
    const text = await response.text();
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: response.status, headers: response.headers, body };
  }
}
