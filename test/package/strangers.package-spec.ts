import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Project } from './project.js';

let project: Project;
let errors: string;
let said: Record<string, Record<string, unknown>>;

beforeAll(async () => {
  project = Project.create('strangers', 'stranger-application');
  await project.install(inject('tarball'));
  errors = await project.compile();
  said = JSON.parse(await project.run('dist/main.js')) as typeof said;
});

afterAll(() => project?.remove());

it('the application compiles, with the types of all libraries checked', () => {
  expect(errors).toBe('');
});

it.each(['express', 'fastify'])('on %s, jose verifies our tokens by the JWK Set', (platform) => {
  expect(said[platform]).toMatchObject({
    verified: { sub: 'alice', kid: 'today', alg: 'ES256' },
    tampered: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  });
});

it.each(['express', 'fastify'])(
  'on %s, openid-client introspects, refreshes and revokes',
  (platform) => {
    expect(said[platform]).toMatchObject({
      introspected: {
        active: true,
        sub: 'alice',
        iss: 'https://issuer.example',
        token_type: 'Bearer',
        ofSession: true,
      },
      refreshed: true,
      revoked: ['done', 'done'],
      afterwards: [false, false],
    });
  },
);

it.each(['express', 'fastify'])('on %s, it understands what is refused', (platform) => {
  expect(said[platform]).toMatchObject({
    strangers: [
      [401, 'basic'],
      [401, 'basic'],
    ],
    unknown: [false, null],
    refreshAfterwards: [401, 'bearer'],
  });
});
