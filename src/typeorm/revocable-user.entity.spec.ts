import { describe, expect, it } from 'vitest';
import { RevocableUser } from './revocable-user.entity.js';

class User extends RevocableUser {
  id = 1;
}

const STATE = { tokenVersion: 3, passwordChangedAt: new Date(0), logoutAllAt: null };

describe('RevocableUser', () => {
  it.each([
    ['made by its constructor', () => new User()],
    [
      'made without it, as by entitySkipConstructor',
      () => Object.assign(Object.create(User.prototype) as User, { id: 1 }),
    ],
  ])('keeps its state readable and out of copies: %s', (_, make) => {
    const user = Object.assign(make(), STATE);
    expect(user).toMatchObject(STATE);
    expect(user.tokenVersion).toBe(3);
    expect({ ...(user as object) }).toStrictEqual({ id: 1 });
    expect(JSON.stringify(user)).toBe('{"id":1}');
    expect(structuredClone(user)).toEqual({ id: 1 });
  });

  it('has no state before it is loaded', () => {
    const user = Object.create(User.prototype) as User;
    expect(user.tokenVersion).toBeUndefined();
    expect(user.passwordChangedAt).toBeUndefined();
    expect(user.logoutAllAt).toBeUndefined();
  });
});
