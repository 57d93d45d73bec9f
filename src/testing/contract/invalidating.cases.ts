import assert from 'node:assert/strict';
import type { CutoffKind } from '../state/token-state.store.js';
import {
  type ContractCases,
  inOneHour,
  readAll,
  recordOf,
  requireChange,
  type TokenStateStoreHarness,
  unknownSubject,
} from './harness.js';
import { nearMissesOf, STRANGE_SUBJECTS } from './subjects.js';

const MANY = 100;
const CUTOFFS = { logout: 'logoutAllAt', password: 'passwordChangedAt' } as const;

export const invalidatingCases: ContractCases = {
  'raises the version by one and sets the cutoff of a logout': (harness) =>
    invalidatesBy(harness, 'logout'),

  'raises the version by one and sets the cutoff of a password': (harness) =>
    invalidatesBy(harness, 'password'),

  'leaves other users as they are': async (harness) => {
    const [subject, other] = [await harness.createUser('hash'), await harness.createUser('hash')];
    const before = await recordOf(harness, other);
    await harness.store().invalidate({ subject }, 'logout');
    assert.deepEqual(await recordOf(harness, other), before);
  },

  'leaves the password as it is': async (harness) => {
    const subject = await harness.createUser('hash');
    await harness.store().invalidate({ subject }, 'password');
    assert.equal(await harness.readHash(subject), 'hash');
  },

  'raises the version by a hundred when asked a hundred times at once': async (harness) => {
    const subject = await harness.createUser('hash');
    const { state } = await recordOf(harness, subject);

    const outcomes = await Promise.all(
      Array.from({ length: MANY }, () => harness.store().invalidate({ subject }, 'logout')),
    );

    const versions = new Set(outcomes.map((outcome) => requireChange(outcome).version));
    assert.equal(versions.size, MANY, 'two invalidations got one version');
    const after = await recordOf(harness, subject);
    assert.equal(after.state.tokenVersion, state.tokenVersion + MANY);
  },

  'moves no cutoff back when the clock was ahead, and raises the version': async (harness) => {
    for (const kind of ['logout', 'password'] as const) {
      const subject = await harness.createUser('hash');
      const ahead = inOneHour(await harness.clock());
      await harness.writeCutoffs(subject, ahead);
      const { state: before } = await recordOf(harness, subject);

      const change = requireChange(await harness.store().invalidate({ subject }, kind));

      const { state } = await recordOf(harness, subject);
      assert.deepEqual(change.effectiveAt, ahead);
      assert.deepEqual([state.logoutAllAt, state.passwordChangedAt], [ahead, ahead]);
      assert.equal(state.tokenVersion, before.tokenVersion + 1);
    }
  },

  'invalidates when the version is the one given': async (harness) => {
    const subject = await harness.createUser('hash');
    const { state } = await recordOf(harness, subject);
    const target = { subject, ifVersion: state.tokenVersion };

    const { version } = requireChange(await harness.store().invalidate(target, 'logout'));

    assert.equal(version, state.tokenVersion + 1);
  },

  'changes nothing when the version is another than the one given': async (harness) => {
    const subject = await harness.createUser('hash');
    await harness.store().invalidate({ subject }, 'logout');
    const before = await recordOf(harness, subject);
    const { tokenVersion } = before.state;

    for (const ifVersion of [tokenVersion - 1, tokenVersion + 1, 3_000_000_000]) {
      const outcome = await harness.store().invalidate({ subject, ifVersion }, 'logout');
      assert.equal(outcome, 'conflict');
    }

    assert.deepEqual(await recordOf(harness, subject), before);
  },

  'lets one of a hundred through that are all given the same version': async (harness) => {
    const subject = await harness.createUser('hash');
    const ifVersion = (await recordOf(harness, subject)).state.tokenVersion;

    const outcomes = await Promise.all(
      Array.from({ length: MANY }, () =>
        harness.store().invalidate({ subject, ifVersion }, 'logout'),
      ),
    );

    assert.equal(outcomes.filter((outcome) => outcome === 'conflict').length, MANY - 1);
    assert.equal((await recordOf(harness, subject)).state.tokenVersion, ifVersion + 1);
  },

  'says of a user who is not there that it is unknown': async (harness) => {
    const subject = await unknownSubject(harness);
    assert.equal(await harness.store().invalidate({ subject }, 'logout'), 'unknown');
    assert.equal(await harness.store().invalidate({ subject, ifVersion: 0 }, 'logout'), 'unknown');
  },

  'says of a subject that is no id that it is unknown': async (harness) => {
    for (const subject of STRANGE_SUBJECTS) {
      assert.equal(await harness.store().invalidate({ subject }, 'logout'), 'unknown');
    }
  },

  'invalidates nobody by another spelling of the id': async (harness) => {
    const subject = await harness.createUser('hash');
    const before = await recordOf(harness, subject);

    for (const spelling of nearMissesOf(subject)) {
      const outcome = await harness.store().invalidate({ subject: spelling }, 'logout');
      assert.equal(outcome, 'unknown', `${JSON.stringify(spelling)} is not ${subject}`);
    }

    assert.deepEqual(await recordOf(harness, subject), before);
  },
};

export const everyoneCases: ContractCases = {
  'sets the global cutoff by its clock, and reads it with each user': async (harness) => {
    const subject = await harness.createUser('hash');
    const earliest = await harness.clock();
    const cutoff = await harness.store().invalidateEveryone();
    const latest = await harness.clock();

    assertBetween(cutoff, earliest, latest);
    const { everyoneLoggedOutAt, records } = await readAll(harness, [subject]);
    assert.deepEqual(everyoneLoggedOutAt, cutoff);
    assert.equal(records.length, 1);
  },

  'leaves the state of the users as it is': async (harness) => {
    const subject = await harness.createUser('hash');
    const before = await recordOf(harness, subject);
    await harness.store().invalidateEveryone();
    assert.deepEqual(await recordOf(harness, subject), before);
  },

  'moves the global cutoff on and on': async (harness) => {
    const first = await harness.store().invalidateEveryone();
    const cutoffs = await Promise.all(
      Array.from({ length: 10 }, () => harness.store().invalidateEveryone()),
    );
    const last = await harness.store().invalidateEveryone();

    for (const cutoff of cutoffs) assertBetween(cutoff, first, last);
  },

  // The last one: from here on the cutoff lies ahead.
  'does not move the global cutoff back when the clock was ahead': async (harness) => {
    const subject = await harness.createUser('hash');
    const ahead = inOneHour(await harness.clock());
    await harness.writeGlobalCutoff(ahead);

    assert.deepEqual(await harness.store().invalidateEveryone(), ahead);
    assert.deepEqual((await readAll(harness, [subject])).everyoneLoggedOutAt, ahead);
  },
};

async function invalidatesBy(harness: TokenStateStoreHarness, kind: CutoffKind): Promise<void> {
  const subject = await harness.createUser('hash');
  const { state: before } = await recordOf(harness, subject);

  const earliest = await harness.clock();
  const change = requireChange(await harness.store().invalidate({ subject }, kind));
  const latest = await harness.clock();

  assertBetween(change.effectiveAt, earliest, latest);
  assert.equal(change.version, before.tokenVersion + 1);
  const { state } = await recordOf(harness, subject);
  const expected = { ...before, tokenVersion: change.version, [CUTOFFS[kind]]: change.effectiveAt };
  assert.deepEqual({ ...state }, expected);
}

export function assertBetween(instant: Date, earliest: Date, latest: Date): void {
  assert.ok(
    instant >= earliest && instant <= latest,
    `${instant.toISOString()} is not from ${earliest.toISOString()} to ${latest.toISOString()}`,
  );
}
