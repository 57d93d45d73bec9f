import type { ServerProcess } from './server/server-process.js';
import type { Credential } from './variants/variant.js';

/** Fails when the variant does not refuse what it claims to refuse, or refuses what it must accept. */
export async function checkAnswers(server: ServerProcess): Promise<void> {
  const { variant, started } = server;
  await expectAnswer(server, {
    what: 'a good credential',
    credential: started.credentials[0],
    status: 200,
  });
  await expectAnswer(server, {
    what: 'a revoked credential',
    credential: started.revoked,
    status: variant.revokedStatus,
  });
  await expectAnswer(server, {
    what: 'a bad signature',
    credential: started.forged,
    status: variant.forgedStatus,
  });
  await expectAnswer(server, {
    what: 'no credential',
    credential: undefined,
    status: variant.forgedStatus,
  });
}

interface ExpectedAnswer {
  readonly what: string;
  readonly credential: Credential | undefined;
  readonly status: number;
}

async function expectAnswer(
  server: ServerProcess,
  { what, credential, status }: ExpectedAnswer,
): Promise<void> {
  const headers = credential ? { [credential.name]: credential.value } : {};
  const response = await fetch(new URL('/me', server.started.url), { headers });
  const body = await response.text();
  if (response.status !== status) {
    throw new Error(`${server.name}, ${what}: expected ${status}, got ${response.status} ${body}`);
  }
}
