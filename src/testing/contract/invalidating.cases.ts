import assert from 'node:assert/strict';
import type { CutoffKind } from '../../state/token-state.store.js';
import {
  assertBetween,
  type ContractCases,
  inOneHour,
  recordOf,
  requireChange,
  type TokenStateStoreHarness,
  unknownSubject,
} from './harness.js';
import { nearMissesOf, shown, STRANGE_SUBJECTS } from './subjects.js';

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
    assert.deepEqual(await recordOf(harness, other), before, 'another user has changed');
  },

  'leaves the password as it is': async (harness) => {
    const subject = await harness.createUser('hash');
    await harness.store().invalidate({ subject }, 'password');
    assert.equal(await harness.readHash(subject), 'hash', 'the password has changed');
  },

  'raises the version by a hundred when asked a hundred times at once': async (harness) => {
    const subject = await harness.createUser('hash');
    const { state } = await recordOf(harness, subject);

    const outcomes = await Promise.all(
      Array.from({ length: MANY }, () => harness.store().invalidate({ subject }, 'logout')),
    );

    const versions = new Set(outcomes.map((outcome) => requireChange(outcome).version));
    assert.equal(versions.size, MANY, 'two invalidations have the same version');
    const after = await recordOf(harness, subject);
    assert.equal(after.state.tokenVersion, state.tokenVersion + MANY, 'an invalidation was lost');
  },

  'returns cutoffs that lie ahead to the clock, and raises the version': async (harness) => {
    for (const kind of ['logout', 'password'] as const) {
      const subject = await harness.createUser('hash');
      const { state: before } = await recordOf(harness, subject);
      const earliest = await harness.clock();
      await harness.writeCutoffs(subject, inOneHour(earliest));

      const change = requireChange(await harness.store().invalidate({ subject }, kind));

      const latest = await harness.clock();
      const { state } = await recordOf(harness, subject);
      assertBetween(change.effectiveAt, earliest, latest);
      assert.deepEqual(state[CUTOFFS[kind]], change.effectiveAt, `not the answer's (${kind})`);
      assertBetween(state.logoutAllAt!, earliest, latest);
      assertBetween(state.passwordChangedAt!, earliest, latest);
      assert.equal(state.tokenVersion, before.tokenVersion + 1, `the version (${kind}) is wrong`);
    }
  },

  'invalidates when the version is still `ifVersion`': async (harness) => {
    const subject = await harness.createUser('hash');
    const { state } = await recordOf(harness, subject);
    const target = { subject, ifVersion: state.tokenVersion };

    const { version } = requireChange(await harness.store().invalidate(target, 'logout'));

    assert.equal(version, state.tokenVersion + 1);
  },

  'changes nothing when the version is not `ifVersion`': async (harness) => {
    const subject = await harness.createUser('hash');
    await harness.store().invalidate({ subject }, 'logout');
    const before = await recordOf(harness, subject);
    const { tokenVersion } = before.state;

    for (const ifVersion of [tokenVersion - 1, tokenVersion + 1, 3_000_000_000]) {
      const outcome = await harness.store().invalidate({ subject, ifVersion }, 'logout');
      assert.equal(outcome, 'conflict', `ifVersion ${ifVersion} against ${tokenVersion}`);
    }

    assert.deepEqual(await recordOf(harness, subject), before, 'the conflict changed the user');
  },

  'invalidates once when a hundred calls have the same `ifVersion`': async (harness) => {
    const subject = await harness.createUser('hash');
    const ifVersion = (await recordOf(harness, subject)).state.tokenVersion;

    const outcomes = await Promise.all(
      Array.from({ length: MANY }, () =>
        harness.store().invalidate({ subject, ifVersion }, 'logout'),
      ),
    );

    const conflicts = outcomes.filter((outcome) => outcome === 'conflict');
    assert.equal(conflicts.length, MANY - 1, 'not every other call is a conflict');
    const { state } = await recordOf(harness, subject);
    assert.equal(state.tokenVersion, ifVersion + 1, 'the version did not rise by one');
  },

  'answers `unknown` for a user who is not there': async (harness) => {
    const subject = await unknownSubject(harness);
    assert.equal(await harness.store().invalidate({ subject }, 'logout'), 'unknown');
    assert.equal(await harness.store().invalidate({ subject, ifVersion: 0 }, 'logout'), 'unknown');
  },

  'answers `unknown` for a subject that cannot be an id': async (harness) => {
    for (const subject of STRANGE_SUBJECTS) {
      const outcome = await harness.store().invalidate({ subject }, 'logout');
      assert.equal(outcome, 'unknown', `for ${shown(subject)}`);
    }
  },

  'invalidates nobody by another spelling of the id': async (harness) => {
    const subject = await harness.createUser('hash');
    const before = await recordOf(harness, subject);

    for (const spelling of nearMissesOf(subject)) {
      const outcome = await harness.store().invalidate({ subject: spelling }, 'logout');
      assert.equal(outcome, 'unknown', `${shown(spelling)} is not ${subject}`);
    }

    assert.deepEqual(await recordOf(harness, subject), before);
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
