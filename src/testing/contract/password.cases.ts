import assert from 'node:assert/strict';
import type { WriteOutcome } from '../../state/token-state.store.js';
import {
  assertBetween,
  type ContractCases,
  recordOf,
  requireChange,
  type TokenStateStoreHarness,
  unknownSubject,
} from './harness.js';
import { shown, STRANGE_SUBJECTS } from './subjects.js';

const MANY = 10;
const REPLACEMENT = { currentHash: 'old', newHash: 'new' } as const;

type Method = 'changePassword' | 'rehashPassword';

export const changePasswordCases: ContractCases = {
  'replaces the hash and invalidates': async (harness) => {
    const subject = await harness.createUser('old');
    const { state: before } = await recordOf(harness, subject);

    const earliest = await harness.clock();
    const change = requireChange(await harness.store().changePassword(subject, REPLACEMENT));
    const latest = await harness.clock();

    assertBetween(change.effectiveAt, earliest, latest);
    assert.equal(await harness.readHash(subject), 'new');
    const { state } = await recordOf(harness, subject);
    assert.deepEqual(
      { ...state },
      { ...before, tokenVersion: before.tokenVersion + 1, passwordChangedAt: change.effectiveAt },
    );
    assert.equal(change.version, state.tokenVersion);
  },
  ...conditionalCases('changePassword'),
};

export const rehashPasswordCases: ContractCases = {
  'replaces the hash and invalidates nothing': async (harness) => {
    const subject = await harness.createUser('old');
    await harness.store().invalidate({ subject }, 'password');
    const { state: before } = await recordOf(harness, subject);

    const change = requireChange(await harness.store().rehashPassword(subject, REPLACEMENT));

    assert.equal(await harness.readHash(subject), 'new');
    assert.deepEqual((await recordOf(harness, subject)).state, before);
    assert.equal(change.version, before.tokenVersion);
    assert.ok(Number.isFinite(change.effectiveAt.getTime()), 'effectiveAt is not a date');
  },

  'lets the next change of the password invalidate': async (harness) => {
    const subject = await harness.createUser('old');
    const { version } = requireChange(await harness.store().rehashPassword(subject, REPLACEMENT));

    const next = { currentHash: 'new', newHash: 'newer' };
    const change = requireChange(await harness.store().changePassword(subject, next));

    assert.equal(change.version, version + 1);
  },
  ...conditionalCases('rehashPassword'),
};

/** What both must do: compare and set. */
function conditionalCases(method: Method): ContractCases {
  return { ...comparingCases(method), ...otherUserCases(method) };
}

function comparingCases(method: Method): ContractCases {
  return {
    'changes nothing when the hash is no longer the current one': async (harness) => {
      const subject = await harness.createUser('old');
      await harness.writeHash(subject, 'changed meanwhile');
      const before = await recordOf(harness, subject);

      assert.equal(await harness.store()[method](subject, REPLACEMENT), 'conflict');

      assert.equal(await harness.readHash(subject), 'changed meanwhile');
      assert.deepEqual(await recordOf(harness, subject), before);
    },

    'accepts no other hash as the current one': async (harness) => {
      const subject = await harness.createUser('old');
      for (const currentHash of ['OLD', 'old ', ' old', '', '%', 'ol']) {
        const replacement = { currentHash, newHash: 'new' };
        const outcome = await harness.store()[method](subject, replacement);
        assert.equal(outcome, 'conflict', `${shown(currentHash)} is not the current hash`);
      }
      assert.equal(await harness.readHash(subject), 'old');
    },

    'succeeds once when many calls have the same current hash': (harness) =>
      oneWins(harness, method),
  };
}

function otherUserCases(method: Method): ContractCases {
  return {
    'answers `unknown` for a user who is not there': async (harness) => {
      const subject = await unknownSubject(harness);
      assert.equal(await harness.store()[method](subject, REPLACEMENT), 'unknown');
    },

    'answers `unknown` for a subject that cannot be an id': async (harness) => {
      for (const subject of STRANGE_SUBJECTS) {
        const outcome = await harness.store()[method](subject, REPLACEMENT);
        assert.equal(outcome, 'unknown', `for ${shown(subject)}`);
      }
    },

    'leaves another user with the same hash as it is': async (harness) => {
      const [subject, other] = [await harness.createUser('old'), await harness.createUser('old')];
      const before = await recordOf(harness, other);
      await harness.store()[method](subject, REPLACEMENT);
      assert.equal(await harness.readHash(other), 'old');
      assert.deepEqual(await recordOf(harness, other), before);
    },
  };
}

async function oneWins(harness: TokenStateStoreHarness, method: Method): Promise<void> {
  const subject = await harness.createUser('old');
  const before = (await recordOf(harness, subject)).state.tokenVersion;

  const outcomes: WriteOutcome[] = await Promise.all(
    Array.from({ length: MANY }, (_, index) =>
      harness.store()[method](subject, { currentHash: 'old', newHash: `new ${index}` }),
    ),
  );

  const winners = [...outcomes.keys()].filter((index) => outcomes[index] !== 'conflict');
  assert.equal(winners.length, 1, 'not exactly one call succeeded');
  assert.equal(await harness.readHash(subject), `new ${winners[0]}`);
  const after = (await recordOf(harness, subject)).state.tokenVersion;
  assert.equal(after, method === 'changePassword' ? before + 1 : before);
}
