import assert from 'node:assert/strict';
import { type ContractCases, recordOf, type TokenStateStoreHarness } from './harness.js';

export const describingCases: ContractCases = {
  'describes a loaded record as a read does': async (harness) => {
    const subject = await harness.createUser('hash');
    const { state } = await recordOf(harness, subject);

    const described = harness.store().describe(await harness.loadUser(subject));

    assert.equal(described.subject, subject);
    assert.deepEqual({ ...described.state }, { ...state });
  },

  'describes a record as a read does after invalidations of both kinds': async (harness) => {
    const subject = await invalidatedUser(harness);
    const { state } = await recordOf(harness, subject);

    const described = harness.store().describe(await harness.loadUser(subject));

    assert.ok(state.passwordChangedAt && state.logoutAllAt);
    assert.deepEqual({ ...described.state }, { ...state });
  },

  'describes the user of a reading': async (harness) => {
    const subject = await invalidatedUser(harness);
    const { user, state } = await recordOf(harness, subject);

    const described = harness.store().describe(user);

    assert.equal(described.subject, subject);
    assert.deepEqual({ ...described.state }, { ...state });
  },

  'describes a record as it was loaded, although the user was invalidated since': async (
    harness,
  ) => {
    const subject = await harness.createUser('hash');
    const user = await harness.loadUser(subject);
    const before = harness.store().describe(user);
    await harness.store().invalidate({ subject }, 'logout');

    assert.deepEqual(harness.store().describe(user), before, 'not the record, but the row');
  },

  'keeps the state out of a copy of the user of a reading, as of a response': async (harness) => {
    const { user } = await recordOf(harness, await invalidatedUser(harness));
    // An id may be a bigint, which JSON has no form for.
    const text = JSON.stringify(user, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    const copies = [{ ...(user as object) }, JSON.parse(text) as unknown];

    for (const copy of copies) {
      assert.equal(describeOrRefuse(harness, copy), 'refused', 'the state is enumerable');
    }
  },

  'refuses a record without id and state': async (harness) => {
    assert.throws(
      () => harness.store().describe({}),
      TypeError,
      'no TypeError for an empty record',
    );
  },

  'refuses a record that lacks a part of them, and guesses nothing': async (harness) => {
    const subject = await invalidatedUser(harness);
    const user = (await harness.loadUser(subject)) as object;
    const whole = harness.store().describe(user);

    for (const property of Reflect.ownKeys(user)) {
      const part = Object.create(
        Object.getPrototypeOf(user) as object,
        Object.getOwnPropertyDescriptors(user),
      ) as object;
      Reflect.deleteProperty(part, property);
      const described = describeOrRefuse(harness, part);
      // A property that the state does not need may be missing.
      if (described !== 'refused')
        assert.deepEqual(described, whole, `without ${String(property)}`);
    }
  },
};

function describeOrRefuse(harness: TokenStateStoreHarness, user: unknown) {
  try {
    return harness.store().describe(user);
  } catch (error) {
    assert.ok(error instanceof TypeError, `not a TypeError: ${String(error)}`);
    return 'refused';
  }
}

/** A user whose state has no default value in it. */
async function invalidatedUser(harness: TokenStateStoreHarness): Promise<string> {
  const subject = await harness.createUser('hash');
  await harness.store().invalidate({ subject }, 'password');
  await harness.store().invalidate({ subject }, 'logout');
  return subject;
}
