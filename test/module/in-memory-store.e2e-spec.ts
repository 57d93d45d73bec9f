import { Test } from '@nestjs/testing';
import {
  TokenInvalidationModule,
  TokenInvalidator,
  TokenIssuer,
  TokenStateStore,
  TokenVerifier,
} from 'nestjs-token-invalidation';
import { InMemoryTokenStateStore, type InMemoryUser } from 'nestjs-token-invalidation/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

describe('InMemoryTokenStateStore in the module', () => {
  const imports = [
    TokenInvalidationModule.forRoot({
      secret: 'a secret of at least thirty-two bytes',
      store: InMemoryTokenStateStore,
    }),
  ];
  const created = async () => {
    const module = await Test.createTestingModule({ imports }).compile();
    return {
      store: module.get<InMemoryTokenStateStore>(TokenStateStore),
      issuer: module.get<TokenIssuer<InMemoryUser>>(TokenIssuer),
      verifier: module.get<TokenVerifier<InMemoryUser>>(TokenVerifier),
      invalidator: module.get(TokenInvalidator),
      close: () => module.close(),
    };
  };
  let app: Awaited<ReturnType<typeof created>>;
  beforeEach(async () => {
    app = await created();
  });
  afterEach(() => app?.close());

  it('takes the place of the database', async () => {
    const user = app.store.add({ id: 'ann', passwordHash: 'hash' });
    const token = app.issuer.issue(user);
    expect(await app.verifier.verify(token)).toMatchObject({ accepted: true, user });

    await app.invalidator.logoutEverywhere('ann');

    expect(await app.verifier.verify(token)).toMatchObject({ reason: 'logged_out_everywhere' });
    const next = app.issuer.issue(app.store.find('ann')!);
    expect(await app.verifier.verify(next)).toMatchObject({ accepted: true });
  });
});
