import assert from 'node:assert/strict';
import type { RefreshRecord, SessionStore } from '../../state/session.store.js';
import { type ContractCases, recordOf, type TokenStateStoreHarness } from './harness.js';
import {
  type HeldSession,
  lifeOf,
  LIMITS,
  loginOf,
  LOGOUT,
  newSession,
  sessionOf,
  sessionsOf,
  tokenOf,
  userWithSession,
  VISIT,
} from './sessions.js';
import { expectRollback, ROLLBACK } from './writes.js';

interface Given {
  readonly harness: TokenStateStoreHarness;
  readonly sessions: SessionStore;
  readonly subject: string;
  readonly session: HeldSession;
}

type Write = (given: Given, transaction: unknown) => Promise<unknown>;

/** What can be written of a session, each so that it must happen. */
const WRITES: Readonly<Record<string, Write>> = {
  'a rotation': ({ sessions, session }, transaction) =>
    sessions.rotate(tokenOf(session), VISIT, transaction),
  'an adoption': ({ sessions, session }, transaction) =>
    sessions.adopt(tokenOf(session, 1), transaction),
  'an end': ({ sessions, session, subject }, transaction) =>
    sessions.end({ sessionId: session.id, of: { subject } }, LOGOUT, transaction),
  'an end of all': ({ sessions, subject }, transaction) =>
    sessions.endOthers({ subject }, LOGOUT, transaction),
  'a replacement': ({ sessions, session, subject }, transaction) =>
    sessions.replace(
      { sessionId: session.id, of: { subject } },
      {
        session: newSession(),
        replacing: { because: 'logout' },
        credentialsEntered: false,
        limits: LIMITS,
      },
      transaction,
    ),
};

async function given(harness: TokenStateStoreHarness): Promise<Given> {
  const { subject, session } = await userWithSession(harness);
  await harness.ageSession!(session.id, 100);
  return { harness, sessions: sessionsOf(harness), subject, session };
}

/** All that the writes above change. */
async function seen({ harness, subject, session }: Given): Promise<object> {
  const { generation, endedReason } = (await sessionOf(harness, subject, session.id))!;
  const { tokenVersion } = (await recordOf(harness, subject)).state;
  return { generation, endedReason, tokenVersion };
}

const casesOfWrites = Object.entries(WRITES).flatMap(
  ([name, write]): [string, ContractCases[string]][] => [
    [
      `${name} takes effect with the commit, and not before it`,
      async (harness) => {
        const about = await given(harness);
        const before = await seen(about);
        await harness.transaction(async (transaction) => {
          const outcome = await write(about, transaction);
          assert.ok(outcome !== undefined && outcome !== false && typeof outcome !== 'string');
          assert.deepEqual(await seen(about), before, 'others saw it before the commit');
        });
        assert.notDeepEqual(await seen(about), before, 'the commit did nothing');
      },
    ],
    [
      `${name} is undone with the transaction`,
      async (harness) => {
        const about = await given(harness);
        const before = await seen(about);
        const undone = harness.transaction(async (transaction) => {
          await write(about, transaction);
          throw ROLLBACK;
        });
        await expectRollback(undone);
        assert.deepEqual(await seen(about), before);
      },
    ],
  ],
);

export const sessionTransactionCases: ContractCases = {
  ...Object.fromEntries(casesOfWrites),

  'a login takes effect with the commit, and says so': async (harness) => {
    const subject = await harness.createUser('old');
    const login = await loginOf(harness, subject);
    const { id } = login.session;
    const started = await harness.transaction(async (transaction) => {
      const outcome = await sessionsOf(harness).start(login, transaction);
      assert.equal(await sessionOf(harness, subject, id), null, 'others see it already');
      return outcome;
    });
    assert.ok(typeof started === 'object', 'nothing was started');
    assert.equal(await started.committed?.(), true);
    assert.equal(await lifeOf(harness, subject, { id }), 'live');
  },

  'a login and an end that were undone say so': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const login = await loginOf(harness, subject);
    const outcomes: { readonly committed?: () => Promise<boolean> }[] = [];
    const undone = harness.transaction(async (transaction) => {
      const target = { sessionId: session.id, of: { subject } };
      outcomes.push(await sessionsOf(harness).end(target, LOGOUT, transaction));
      outcomes.push((await sessionsOf(harness).start(login, transaction)) as object);
      throw ROLLBACK;
    });
    await expectRollback(undone);
    assert.deepEqual(await Promise.all(outcomes.map(async ({ committed }) => committed?.())), [
      false,
      false,
    ]);
    assert.equal(await sessionOf(harness, subject, login.session.id), null);
  },

  'a rotation says whether it was committed': async (harness) => {
    const { sessions, session } = await given(harness);
    const outcomes: (RefreshRecord<unknown> | undefined)[] = [];
    const rotate = async (transaction: unknown) => {
      outcomes.push(await sessions.rotate(tokenOf(session), VISIT, transaction));
    };
    const undone = harness.transaction(async (transaction) => {
      await rotate(transaction);
      throw ROLLBACK;
    });
    await expectRollback(undone);
    await harness.transaction(rotate);
    assert.deepEqual(await Promise.all(outcomes.map(async (record) => record!.committed?.())), [
      false,
      true,
    ]);
    const alone = await given(harness);
    const rotated = await sessions.rotate(tokenOf(alone.session), VISIT);
    assert.equal(rotated!.committed, undefined, 'it joined no transaction');
  },

  'a revoked token says whether it was committed': async (harness) => {
    const { sessions, session } = await given(harness);
    const expiresAt = new Date(Number(await harness.clock()) + 60_000);
    const outcomes: { readonly committed?: () => Promise<boolean> }[] = [];
    const revoke = async (transaction: unknown) => {
      const token = { tokenId: session.id, expiresAt };
      outcomes.push(await sessions.revokeToken(token, transaction));
    };
    const undone = harness.transaction(async (transaction) => {
      await revoke(transaction);
      throw ROLLBACK;
    });
    await expectRollback(undone);
    await harness.transaction(revoke);
    // And once more, when it is there already.
    await harness.transaction(revoke);
    const committed = await Promise.all(outcomes.map(async (outcome) => outcome.committed?.()));
    assert.deepEqual(committed, [false, true, true]);
    const alone = await sessions.revokeToken({ tokenId: session.id, expiresAt });
    assert.equal(alone.committed, undefined, 'it joined no transaction');
  },

  'a look and the sights of a transaction see what it wrote': async (harness) => {
    const { sessions, session } = await given(harness);
    await harness.transaction(async (transaction) => {
      await sessions.rotate(tokenOf(session), VISIT, transaction);
      const looked = await sessions.look(tokenOf(session), transaction);
      assert.equal(looked!.refreshed.generation, 1);
      const sight = { sessionId: session.id, generation: 1 };
      assert.equal(await sessions.markSeen([sight], transaction), 0);
      assert.equal(typeof (await sessions.sweep(transaction)), 'number');
      const end = new Date(Number(await harness.clock()) + 60_000);
      await sessions.revokeToken({ tokenId: session.id, expiresAt: end }, transaction);
    });
    assert.equal((await sessions.look(tokenOf(session)))!.refreshed.generation, 1);
  },
};
