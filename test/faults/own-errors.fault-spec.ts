import { TokenEventListener } from 'nestjs-token-invalidation';
import { RevocableUser } from 'nestjs-token-invalidation/typeorm';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { PLATFORMS } from '../support/create-app.js';
import { HookedUser } from '../support/hooked-user.entity.js';
import { expectNothingUnhandled } from '../support/faults/outages.js';
import { useApp } from '../support/use-app.js';
import { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';

/** The users of the other entity, with a column that cannot be read when it says 'broken'. */
@Entity('users')
class PickyUser extends RevocableUser {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ type: 'text', transformer: { to: (role: string) => role, from: notBroken } })
  role!: string;
}

function jwtFromRequest({ headers }: { headers: Record<string, string> }): string | null {
  if (headers['x-broken']) throw new Error('This request has no token to find.');
  return headers['authorization']?.slice('Bearer '.length) ?? null;
}

function notBroken(role: string): string {
  if (role === 'broken') throw new Error('This role cannot be read.');
  return role;
}

class ThrowingListener extends TokenEventListener {
  override refused(): void {
    throw new Error('The audit log is full.');
  }

  override invalidated(): void {
    return Promise.reject(new Error('The audit log is full.')) as never;
  }
}

const OWN_CODE = {
  isActive: { module: { isActive: (user: User) => notBroken(user.role) !== '' } },
  'a transformer of the entity': {
    entities: [User, PickyUser],
    store: { entity: PickyUser },
    module: { isActive: () => true },
  },
  '@AfterLoad of the entity': { entities: [User, HookedUser], store: { entity: HookedUser } },
};

describe.each(PLATFORMS)('on %s', (platform) => {
  expectNothingUnhandled();

  describe.each(Object.entries(OWN_CODE))('what %s throws', (_, options) => {
    const app = useApp({ platform, ...options });

    it('is 500 for its own request, and for no other of the same read', async () => {
      const users = await Promise.all(
        ['member', 'member', 'member', 'broken', 'member'].map((role) =>
          createUser(app().dataSource, { role }),
        ),
      );
      const tokens = users.map((user) => app().issuer.issue(user));
      const verdicts = await Promise.allSettled(
        tokens.map((token) => app().verifier.verify(token)),
      );
      expect(verdicts.map(({ status }) => status === 'fulfilled')).toEqual([
        true,
        true,
        true,
        false,
        true,
      ]);
      expect(verdicts[3]).not.toMatchObject({ reason: { name: 'TokenStateUnavailableError' } });

      const { status } = await app().get('/auth/me', tokens[3]);
      expect(status).toBe(500);
      expect(await app().ask(tokens[0]!)).toBe(200);
    });
  });

  describe('what the extractor throws', () => {
    const app = useApp({ platform, module: { jwtFromRequest } });

    it('is 500 for its own request', async () => {
      const token = app().issuer.issue(await createUser(app().dataSource));
      expect(await app().get('/auth/me', token, { 'x-broken': 'yes' })).toMatchObject({
        status: 500,
      });
      expect(await app().ask(token)).toBe(200);
    });
  });

  describe('what the listener throws', () => {
    const app = useApp({ platform, module: { listener: ThrowingListener } });

    it('changes neither a refusal nor an invalidation', async () => {
      const user = await createUser(app().dataSource);
      const token = app().issuer.issue(user);
      expect(await app().post('/auth/logout-everywhere', token)).toMatchObject({ status: 204 });
      expect(await app().ask(token)).toBe('401 logged_out_everywhere');
      expect(await app().users.findOneBy({ id: user.id })).toMatchObject({ tokenVersion: 1 });
    });
  });
});
