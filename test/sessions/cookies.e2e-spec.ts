import { describe, expect, it } from 'vitest';
import { claimsOf, type SessionClient } from '../support/sessions/session-client.js';
import { useNodes } from '../support/sessions/use-nodes.js';
import { PASSWORD } from '../support/users.js';

/** What a browser holds of a login; its next rotation is due. */
interface Browser {
  readonly cookie: string;
  readonly sid: string;
}

const SET = /^__Secure-refresh_token=nti1_[\w-]+; Path=\/auth; HttpOnly; Secure; SameSite=Strict$/;

// The other specs of races send it in a body, where no answer could take it away.
describe('the cookie of a refresh token', () => {
  const nodes = useNodes({ inThisProcess: true, refreshCookie: true });

  async function browser(): Promise<Browser> {
    const email = await nodes().createUser();
    const json = { email, password: PASSWORD };
    const { body, headers } = await nodes().a.post('/device/login', undefined, json);
    const sid = claimsOf(body['access_token'] as string)['sid'] as string;
    await nodes().age({ sid }, 61);
    return { cookie: pairIn(headers.get('set-cookie')), sid };
  }

  it('T1: is the same in every answer of a race on two nodes, and none takes it away', async () => {
    const { a, b } = nodes();
    const { cookie } = await browser();
    const [stranger, ...answers] = await Promise.all([
      refresh(a, '__Secure-refresh_token=nti1_x'),
      ...Array.from({ length: 50 }, (_, tab) => refresh(tab % 2 ? a : b, cookie)),
    ]);
    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set([200]));
    const lines = [...new Set(answers.map(({ line }) => line))];
    expect(lines).toEqual([expect.stringMatching(SET)]);
    expect(stranger).toEqual({ outcome: '401 refresh_invalid', line: null });
    // T4: what came late puts nothing over it.
    expect(await refresh(b, pairIn(lines[0]))).toEqual({ outcome: 200, line: null });
  });

  it('T3: stays with a client whose token was replaced long ago', async () => {
    const { a, b } = nodes();
    const { cookie, sid } = await browser();
    const next = pairIn((await refresh(a, cookie)).line);
    await nodes().age({ sid }, 61);
    expect(await refresh(b, next)).toEqual({ outcome: 200, line: null });
    await nodes().age({ sid }, 31);
    expect(await refresh(a, cookie)).toEqual({ outcome: '401 refresh_reused', line: null });
    expect(await refresh(b, next)).toEqual({ outcome: '401 session_ended', line: null });
  });

  it('T9: goes with a logout, and not with a refresh that the logout overtook', async () => {
    const { a, b } = nodes();
    const { cookie } = await browser();
    const logout = await a.send('POST', '/auth/logout', { headers: { cookie } });
    expect([logout.status, logout.headers.get('set-cookie')]).toEqual([
      204,
      expect.stringMatching(/^__Secure-refresh_token=; .*; Max-Age=0$/),
    ]);
    expect(await refresh(b, cookie)).toEqual({ outcome: '401 session_ended', line: null });
  });
});

async function refresh(node: SessionClient, cookie: string) {
  const { outcome, headers } = await node.refresh('', { cookie });
  return { outcome, line: headers.get('set-cookie') };
}

/** What a browser sends back of a line of `Set-Cookie`. */
function pairIn(line: string | null | undefined): string {
  return line!.split(';', 1)[0]!;
}
