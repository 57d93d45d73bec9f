import type { ServerProcess } from './server/server-process.js';
import type { Credential } from './variants/variant.js';

/** Fails when the variant does not refuse what it claims to refuse, or refuses what it must accept. */
export async function checkAnswers(server: ServerProcess): Promise<void> {
  const { variant, started } = server;
  await expectStatus(server, 'a good credential', started.credentials[0], 200);
  await expectStatus(server, 'a revoked credential', started.revoked, variant.revokedStatus);
  await expectStatus(server, 'a bad signature', started.forged, variant.forgedStatus);
  await expectStatus(server, 'no credential', undefined, variant.forgedStatus);
}

async function expectStatus(
  server: ServerProcess,
  what: string,
  credential: Credential | undefined,
  expected: number,
): Promise<void> {
  const headers = credential ? { [credential.name]: credential.value } : {};
  const response = await fetch(new URL('/me', server.started.url), { headers });
  const body = await response.text();
  if (response.status !== expected) {
    throw new Error(
      `${server.name}, ${what}: expected ${expected}, got ${response.status} ${body}`,
    );
  }
}
