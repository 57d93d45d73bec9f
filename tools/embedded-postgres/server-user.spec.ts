import { describe, expect, it } from 'vitest';
import { findServerUser } from './server-user.js';

describe('the user of an embedded PostgreSQL', () => {
  const accounts = 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n';

  it('is the one who starts it', () => {
    expect(findServerUser(1000, () => accounts)).toBeUndefined();
  });

  it('is postgres, or else nobody, when root starts it', () => {
    const nobody = { name: 'nobody', uid: 65534, gid: 65533 };
    const postgres = { name: 'postgres', uid: 101, gid: 104 };
    expect(findServerUser(0, () => accounts)).toEqual(nobody);
    expect(findServerUser(0, () => `${accounts}postgres:x:101:104::/:\n`)).toEqual(postgres);
  });

  it('can not be found in a system of nobody but root', () => {
    expect(() => findServerUser(0, () => 'root:x:0:0::/:\n')).toThrow('set DATABASE_URL');
  });
});
