import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type ControlledRead,
  ControlledStore,
  type ControlledUser,
  recordOf,
} from '../../test/support/controlled-store.js';
import type { SessionState } from '../rule/session-state.js';
import type { EveryoneState } from '../rule/token-state.js';
import { StateReader, type StrictRecord } from './state-reader.js';
import type { StateQuery } from './token-state.store.js';
import { StrictReader } from './strict-reader.js';
import { TokenStateUnavailableError } from './token-state-unavailable.error.js';

const TIMEOUT_MS = 2000;
const SESSION = '0190b5a0-0000-7000-8000-00000000abcd';
const LIVE: SessionState = {
  everyoneVersion: 0,
  endedReason: null,
  isExpired: false,
  isIdle: false,
  generation: 0,
  isSightDue: false,
};

function userOf(id: string): ControlledUser {
  return { id, tokenVersion: 0, passwordChangedAt: null, logoutAllAt: null };
}

function unreachable(): never {
  throw new Error('Only errors are logged');
}

/** Ends a read: a user for each subject. */
function answer(read: ControlledRead<ControlledUser>, everyone?: EveryoneState): void {
  read.succeed(
    read.subjects.map((id) => recordOf(userOf(id))),
    everyone,
  );
}

let lines: string[];
let store: ControlledStore;
let reader: StrictReader<ControlledUser>;

/** The user's id, or what became of the request instead. */
async function ask(subject: string): Promise<string> {
  try {
    return (await reader.read({ subject }))?.user.id ?? 'no such user';
  } catch (error) {
    return error instanceof TokenStateUnavailableError ? 'unavailable' : String(error);
  }
}

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Lets everything that is due now happen: what is answered ends in this turn, and what it makes room for begins. */
async function turn(): Promise<void> {
  await endOfTurn();
  await endOfTurn();
}

/** Lets time pass, and a turn. */
async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  await turn();
}

/** Asks in one turn of the event loop after another, so that each request gets a separate read while there are places. */
async function askInTurns(...subjects: string[]): Promise<Promise<string>[]> {
  const asked: Promise<string>[] = [];
  for (const subject of subjects) {
    asked.push(ask(subject));
    await turn();
  }
  return asked;
}

const subjectsRead = () => store.reads.map(({ subjects }) => subjects);

/** This many subjects. */
const named = (count: number) => Array.from({ length: count }, (_, n) => `user ${n}`);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  lines = [];
  Logger.overrideLogger({
    log: (message) => lines.push(`log ${message}`),
    error: (message) => lines.push(`error ${message}`),
    warn: (message) => lines.push(`warn ${message}`),
  });
  store = new ControlledStore();
  reader = new StrictReader(store, TIMEOUT_MS);
});

afterEach(() => {
  const left = vi.getTimerCount();
  vi.useRealTimers();
  if (left > 0) throw new Error(`The reader left ${left} timers behind`);
});

describe('a strict read', () => {
  it('begins at the end of the turn, without any timer', async () => {
    vi.useFakeTimers();
    const asked = ask('anna');
    expect(store.reads).toEqual([]);
    await turn();
    expect(subjectsRead()).toEqual([['anna']]);
    answer(store.reads[0]!);
    expect(await asked).toBe('anna');
  });

  it('is one for all who ask in the same turn, also after some microtasks', async () => {
    const asked = [ask('anna')];
    for (let task = 0; task < 50; task += 1) await Promise.resolve();
    asked.push(ask('bert'));
    await turn();
    expect(subjectsRead()).toEqual([['anna', 'bert']]);
    answer(store.reads[0]!);
    expect(await Promise.all(asked)).toEqual(['anna', 'bert']);
  });

  it('has one timer for all who ask in the same turn', async () => {
    const asked = ['anna', 'bert', 'cleo'].map(ask);
    await turn();
    expect(vi.getTimerCount()).toBe(1);
    answer(store.reads[0]!);
    expect(await Promise.all(asked)).toEqual(['anna', 'bert', 'cleo']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('answers with the record and the state of everyone of the same read', async () => {
    const asked = reader.read({ subject: 'anna' });
    await turn();
    const everyone = { version: 2, loggedOutAt: new Date(0) };
    answer(store.reads[0]!, everyone);
    const { user, state, active, everyone: read } = (await asked)!;
    expect({ user, state, active, everyone: read }).toStrictEqual({
      ...recordOf(userOf('anna')),
      everyone,
    } satisfies StrictRecord<ControlledUser>);
  });

  it('is what a StateReader gives', () => {
    expect(reader).toBeInstanceOf(StateReader);
  });

  it('hands on nothing else that the store put into the record', async () => {
    const asked = reader.read({ subject: 'anna' });
    await turn();
    const record = { ...recordOf(userOf('anna')), note: 'n' };
    store.reads[0]!.succeed([record]);
    expect(await asked).not.toHaveProperty('note');
  });

  it('hands the query on whole, and the time limit', async () => {
    const read = vi.spyOn(store, 'read');
    const query = { subject: 'anna', sessionId: SESSION, tokenId: 't' };
    const asked = reader.read(query);
    await turn();
    expect(read).toHaveBeenCalledExactlyOnceWith([query], { timeoutMs: TIMEOUT_MS });
    store.reads[0]!.succeed([{ ...recordOf(userOf('anna')), session: null, tokenRevoked: false }]);
    await asked;
  });

  it('brings the context of the request along for a store that asks for it', async () => {
    store.needsContext = () => true;
    const read = vi.spyOn(store, 'read');
    const requests = new AsyncLocalStorage<string>();
    const asked = ['one', 'two'].map((request) => requests.run(request, () => ask(request)));
    await turn();
    const [queries] = read.mock.calls[0]!;
    expect(queries.map(({ subject }) => subject)).toEqual(['one', 'two']);
    const contexts = queries.map(({ inContext }) => inContext?.(() => requests.getStore()));
    expect(contexts).toEqual(['one', 'two']);
    answer(store.reads[0]!);
    await Promise.all(asked);
  });

  it('says when there is no such user', async () => {
    const asked = ask('nobody');
    await turn();
    store.reads[0]!.succeed([undefined], { version: 1, loggedOutAt: new Date(0) });
    expect(await asked).toBe('no such user');
  });
});

describe('a second read', () => {
  let first: Promise<string>[];

  beforeEach(async () => {
    first = ['one', 'two', 'three'].map(ask);
    await turn();
  });

  async function endWith(more: Promise<string>[]): Promise<string[]> {
    for (const read of store.reads) answer(read);
    return Promise.all([...first, ...more]);
  }

  it('begins when it is for as many as the first', async () => {
    const more = [ask('four'), ask('five')];
    await turn();
    expect(store.reads).toHaveLength(1);
    more.push(ask('six'));
    await turn();
    expect(subjectsRead()).toEqual([
      ['one', 'two', 'three'],
      ['four', 'five', 'six'],
    ]);
    expect(await endWith(more)).toEqual(['one', 'two', 'three', 'four', 'five', 'six']);
  });

  it('begins when the first is late, so that a slow read holds nobody up', async () => {
    const more = [ask('four')];
    await pass(TIMEOUT_MS / 4 - 1);
    expect(store.reads).toHaveLength(1);
    await pass(1);
    expect(subjectsRead()).toEqual([['one', 'two', 'three'], ['four']]);
    expect(await endWith(more)).toEqual(['one', 'two', 'three', 'four']);
  });

  it('begins when the first is late, also where both places were taken before', async () => {
    const more = ['four', 'five', 'six'].map(ask);
    await turn();
    more.push(ask('seven'));
    await turn();
    answer(store.reads[1]!);
    await turn();
    expect(store.reads).toHaveLength(2);
    await pass(TIMEOUT_MS / 4);
    expect(subjectsRead()[2]).toEqual(['seven']);
    expect(await endWith(more)).toEqual(['one', 'two', 'three', 'four', 'five', 'six', 'seven']);
  });

  it('begins for a request that comes after the first became late', async () => {
    await pass(TIMEOUT_MS / 4);
    const more = [ask('four')];
    await turn();
    expect(subjectsRead()).toEqual([['one', 'two', 'three'], ['four']]);
    expect(await endWith(more)).toEqual(['one', 'two', 'three', 'four']);
  });
});

describe('while two reads are under way', () => {
  let first: Promise<string>[];

  beforeEach(async () => {
    first = await askInTurns('one', 'two');
  });

  async function answerAll(): Promise<void> {
    for (const read of store.reads) answer(read);
    await turn();
    for (const read of store.reads) answer(read);
    await Promise.all(first);
  }

  it('further requests gather, and one read answers them all', async () => {
    expect(subjectsRead()).toEqual([['one'], ['two']]);
    const gathered = ['three', 'four', 'five'].map(ask);
    await turn();
    expect(store.reads).toHaveLength(2);
    answer(store.reads[1]!);
    await turn();
    expect(subjectsRead()).toEqual([['one'], ['two'], ['three', 'four', 'five']]);
    answer(store.reads[2]!);
    expect(await Promise.all(gathered)).toEqual(['three', 'four', 'five']);
    await answerAll();
  });

  it('they gather whatever time passes: nobody waits for a timer, only for a place', async () => {
    const gathered = ask('three');
    await pass(TIMEOUT_MS - 1);
    expect(store.reads).toHaveLength(2);
    answer(store.reads[0]!);
    await turn();
    expect(store.reads).toHaveLength(3);
    await answerAll();
    expect(await gathered).toBe('three');
  });

  it('a request for the same user is not answered by a read that began before it', async () => {
    let settled = false;
    const again = ask('one').finally(() => (settled = true));
    await turn();
    answer(store.reads[0]!);
    await first[0];
    await turn();
    expect(settled).toBe(false);
    expect(subjectsRead()).toEqual([['one'], ['two'], ['one']]);
    await answerAll();
    expect(await again).toBe('one');
  });

  it('never more than two are, and each place that comes free begins one read', async () => {
    const gathered = [ask('three')];
    answer(store.reads[0]!);
    await turn();
    gathered.push(ask('four'), ask('five'));
    await turn();
    expect(subjectsRead()).toEqual([['one'], ['two'], ['three']]);
    answer(store.reads[1]!);
    answer(store.reads[2]!);
    await turn();
    expect(subjectsRead()).toEqual([['one'], ['two'], ['three'], ['four', 'five']]);
    await answerAll();
    expect(await Promise.all(gathered)).toEqual(['three', 'four', 'five']);
  });

  it('a failed read gives its place back', async () => {
    const gathered = ask('three');
    await turn();
    store.reads[0]!.fail(new Error('connection lost'));
    await turn();
    expect(subjectsRead()).toEqual([['one'], ['two'], ['three']]);
    await answerAll();
    expect(await gathered).toBe('three');
    expect(await first[0]).toBe('unavailable');
  });

  it('nothing is read when nobody gathered', async () => {
    await answerAll();
    expect(store.reads).toHaveLength(2);
    expect(await Promise.all(first)).toEqual(['one', 'two']);
  });
});

describe('forty-eight requests or more', () => {
  it('are halved between two reads that begin at once, in the order in which they came', async () => {
    const names = named(49);
    const asked = names.map(ask);
    await turn();
    expect(subjectsRead()).toEqual([names.slice(0, 25), names.slice(25)]);
    for (const read of store.reads) answer(read);
    expect(await Promise.all(asked)).toEqual(names);
  });

  it.each([
    [47, [47]],
    [48, [24, 24]],
  ])('%i of them make reads for %j', async (count, expected) => {
    const asked = named(count).map(ask);
    await turn();
    expect(store.reads.map(({ subjects }) => subjects.length)).toEqual(expected);
    for (const read of store.reads) answer(read);
    await Promise.all(asked);
  });

  it('are answered without waiting for the other half, and their place is free', async () => {
    const asked = named(48).map(ask);
    await turn();
    answer(store.reads[1]!);
    expect(await asked[47]).toBe('user 47');
    const more = named(24).map(ask);
    await turn();
    expect(store.reads).toHaveLength(3);
    for (const read of store.reads) answer(read);
    await Promise.all([...asked, ...more]);
  });

  it('fail without the other half', async () => {
    const asked = named(48).map(ask);
    await turn();
    store.reads[0]!.fail(new Error('connection lost'));
    answer(store.reads[1]!);
    const answers = await Promise.all(asked);
    expect(answers.slice(0, 24)).toEqual(Array(24).fill('unavailable'));
    expect(answers.slice(24)).toEqual(named(48).slice(24));
  });

  it('get 503 after the time limit where only their half hangs', async () => {
    const asked = named(48).map(ask);
    await turn();
    answer(store.reads[0]!);
    await pass(TIMEOUT_MS);
    const answers = await Promise.all(asked);
    expect(answers.slice(0, 24)).toEqual(named(24));
    expect(answers.slice(24)).toEqual(Array(24).fill('unavailable'));
  });

  it('share one read while another is under way', async () => {
    const first = await askInTurns('one');
    const asked = named(48).map(ask);
    await turn();
    expect(store.reads.map(({ subjects }) => subjects.length)).toEqual([1, 48]);
    for (const read of store.reads) answer(read);
    await Promise.all([...first, ...asked]);
  });
});

/** Fills both places, so that these requests gather; then lets their read begin. */
async function gather<Asked>(
  ...asks: (() => Promise<Asked>)[]
): Promise<[ControlledRead<ControlledUser>, Promise<Asked>[]]> {
  const before = await askInTurns('x', 'y');
  const asked = asks.map((askNow) => askNow());
  for (const read of store.reads) answer(read);
  await Promise.all(before);
  await turn();
  return [store.reads[2]!, asked];
}

const asking = (subject: string) => () => ask(subject);
const readAnna = () => reader.read({ subject: 'anna' });

describe('a read for many', () => {
  it('gives each its own record, in the order of the queries', async () => {
    const [read, asked] = await gather(...['c', 'a', 'nobody', 'b'].map(asking));
    const records = read.subjects.map((id) => (id === 'nobody' ? undefined : recordOf(userOf(id))));
    read.succeed(records);
    expect(await Promise.all(asked)).toEqual(['c', 'a', 'no such user', 'b']);
  });

  it('asks for a user twice when two requests do, and gives each a separate record', async () => {
    const [read, asked] = await gather(readAnna, readAnna);
    expect(read.subjects).toEqual(['anna', 'anna']);
    answer(read);
    const [one, other] = await Promise.all(asked);
    expect(one).toEqual(other);
    expect(one).not.toBe(other);
    expect(one!.user).not.toBe(other!.user);
  });

  it('an error in one record fails its own request only, as it is', async () => {
    const [read, asked] = await gather(asking('a'), asking('b'), asking('c'));
    const records = [
      recordOf(userOf('a')),
      new TypeError('cannot be loaded'),
      recordOf(userOf('c')),
    ];
    read.succeed(records);
    expect(await Promise.all(asked)).toEqual(['a', 'TypeError: cannot be loaded', 'c']);
    expect(lines).toEqual([]);
  });

  it('when it fails, all of it is unavailable, and the next works', async () => {
    const [read, asked] = await gather(asking('a'), asking('b'));
    read.fail(new Error('connection lost'));
    expect(await Promise.all(asked)).toEqual(['unavailable', 'unavailable']);
    const next = ask('a');
    await turn();
    answer(store.reads.at(-1)!);
    expect(await next).toBe('a');
  });
});

describe('a store that fails', () => {
  it('is the cause of the error, which is a 503 and shows the client nothing', async () => {
    const cause = new Error('password authentication failed for user "app"');
    const asked = reader.read({ subject: 'anna' });
    await turn();
    store.reads[0]!.fail(cause);
    const error = await asked.catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(TokenStateUnavailableError);
    expect(error).toMatchObject({ cause, statusCode: 503, expose: true });
    expect((error as Error).message).toBe('The token state is not available at the moment.');
  });

  it('may throw at once, or answer nonsense', async () => {
    store.read = () => {
      throw new Error('no connection in the pool');
    };
    expect(await ask('anna')).toBe('unavailable');
    for (const nonsense of [undefined, { records: [null] }]) {
      store.read = () => Promise.resolve(nonsense as never);
      expect(await ask('anna')).toBe('unavailable');
    }
  });

  it('is one line in the log, and one more when it is back', async () => {
    for (const subject of ['a', 'b', 'c']) {
      const asked = ask(subject);
      await turn();
      store.reads.at(-1)!.fail(new Error('connection lost'));
      expect(await asked).toBe('unavailable');
    }
    expect(lines).toEqual(['error The token state cannot be read; requests with a token get 503']);
    for (const subject of ['a', 'b']) {
      const asked = ask(subject);
      await turn();
      answer(store.reads.at(-1)!);
      expect(await asked).toBe(subject);
    }
    expect(lines.slice(1)).toEqual(['log The token state can be read again']);
  });

  it('is logged again at the next outage', async () => {
    for (const ends of ['fail', 'succeed', 'fail'] as const) {
      const asked = ask('a');
      await turn();
      store.reads.at(-1)![ends]([undefined]);
      await asked;
    }
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['error', 'log', 'error']);
  });

  it('is not over with an answer that came too late', async () => {
    const asked = ask('a');
    await pass(TIMEOUT_MS);
    store.reads[0]!.succeed([undefined]);
    await asked;
    await turn();
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['error']);
  });

  it('is what an answer to fewer queries than were asked counts as', async () => {
    const asked = reader.read({ subject: 'a' });
    await turn();
    store.reads[0]!.succeed([]);
    await expect(asked).rejects.toMatchObject({
      name: 'TokenStateUnavailableError',
      cause: { message: 'The store answered 1 queries with 0 records.' },
    });
  });

  it('is logged with its cause, and under the name of the module', async () => {
    const error = vi.fn<(...line: unknown[]) => void>();
    Logger.overrideLogger({ log: unreachable, error, warn: unreachable });
    const cause = new Error('connection lost');
    const asked = ask('a');
    await turn();
    store.reads[0]!.fail(cause);
    await asked;
    expect(error).toHaveBeenCalledWith(
      'The token state cannot be read; requests with a token get 503',
      cause,
      'TokenInvalidation',
    );
  });

  it('is not logged while it works', async () => {
    const asked = ask('a');
    await turn();
    answer(store.reads[0]!);
    await asked;
    expect(lines).toEqual([]);
  });
});

describe('a read that hangs', () => {
  it('fails its requests after the time limit, and not before', async () => {
    let outcome = 'waiting';
    const asked = ask('anna').then((result) => (outcome = result));
    await pass(TIMEOUT_MS - 1);
    expect(outcome).toBe('waiting');
    await pass(1);
    expect(await asked).toBe('unavailable');
  });

  it('says what happened in the cause', async () => {
    const asked = reader.read({ subject: 'anna' }).catch((error: unknown) => error);
    await pass(TIMEOUT_MS);
    expect(await asked).toMatchObject({
      cause: { message: 'The token state was not read within 2000 ms' },
    });
  });

  it('counts each request from its own arrival, the time that it gathered included', async () => {
    const outcomes: string[] = [];
    const note = (subject: string) =>
      void ask(subject).then((outcome) => outcomes.push(`${subject} ${outcome}`));
    note('one');
    await turn();
    note('two');
    await pass(500);
    note('three');
    await pass(1499);
    expect(outcomes).toEqual([]);
    await pass(1);
    expect(outcomes).toEqual(['one unavailable', 'two unavailable']);
    expect(subjectsRead()).toEqual([['one'], ['two'], ['three']]);
    await pass(499);
    expect(outcomes).toHaveLength(2);
    await pass(1);
    expect(outcomes.at(-1)).toBe('three unavailable');
    answer(store.reads[2]!);
    await turn();
    expect(outcomes).toHaveLength(3);
  });

  it('gives its place back, so that later requests are read', async () => {
    const hung = await askInTurns('one', 'two');
    await pass(TIMEOUT_MS);
    expect(await Promise.all(hung)).toEqual(['unavailable', 'unavailable']);
    const later = await askInTurns('three', 'four');
    expect(subjectsRead().slice(2)).toEqual([['three'], ['four']]);
    for (const read of store.reads.slice(2)) answer(read);
    expect(await Promise.all(later)).toEqual(['three', 'four']);
  });

  it('gives its place back once, also when it answers after all', async () => {
    const hung = await askInTurns('one', 'two');
    await pass(TIMEOUT_MS);
    const later = await askInTurns('three', 'four');
    for (const read of store.reads.slice(0, 2)) answer(read);
    await turn();
    const gathered = ask('five');
    await turn();
    expect(subjectsRead().slice(2)).toEqual([['three'], ['four']]);
    for (const read of store.reads.slice(2)) answer(read);
    await turn();
    answer(store.reads[4]!);
    expect(await Promise.all([...hung, ...later, gathered])).toEqual([
      'unavailable',
      'unavailable',
      'three',
      'four',
      'five',
    ]);
  });

  it('leaves two places to those who come later, and no more', async () => {
    const hung = await askInTurns('one', 'two');
    await pass(TIMEOUT_MS);
    const later = await askInTurns('three', 'four', 'five');
    expect(subjectsRead().slice(2)).toEqual([['three'], ['four']]);
    for (const read of store.reads.slice(2)) answer(read);
    await turn();
    answer(store.reads[4]!);
    expect(await Promise.all(later)).toEqual(['three', 'four', 'five']);
    expect(await Promise.all(hung)).toEqual(['unavailable', 'unavailable']);
  });

  it('answers nobody who came later with what it still finds', async () => {
    const hung = ask('anna');
    await pass(TIMEOUT_MS);
    let settled = false;
    const later = ask('anna').finally(() => (settled = true));
    await turn();
    answer(store.reads[0]!);
    await turn();
    expect(settled).toBe(false);
    answer(store.reads[1]!);
    expect(await Promise.all([hung, later])).toEqual(['unavailable', 'anna']);
  });

  it('leaves nobody unread: a place comes free before the last who gathered gives up', async () => {
    const asked = await askInTurns('one', 'two', 'three');
    await pass(TIMEOUT_MS - 1);
    asked.push(ask('four'));
    await pass(1);
    expect(subjectsRead()).toEqual([['one'], ['two'], ['three', 'four']]);
    answer(store.reads[2]!);
    expect(await Promise.all(asked)).toEqual(['unavailable', 'unavailable', 'unavailable', 'four']);
  });

  it('is not read again for requests that gave up', async () => {
    const hung = await askInTurns('one', 'two', 'three');
    await pass(3 * TIMEOUT_MS);
    expect(await Promise.all(hung)).toEqual(['unavailable', 'unavailable', 'unavailable']);
    const later = ask('four');
    await turn();
    expect(subjectsRead()).toEqual([['one'], ['two'], ['three'], ['four']]);
    answer(store.reads[3]!);
    expect(await later).toBe('four');
  });

  it('is one line in the log for all who waited', async () => {
    const hung = ['a', 'b', 'c', 'd'].map(ask);
    await pass(3 * TIMEOUT_MS);
    await Promise.all(hung);
    expect(lines).toEqual(['error The token state cannot be read; requests with a token get 503']);
  });

  it('leaves no rejection behind that nobody handles', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const hung = ['a', 'b', 'c'].map(ask);
    await pass(2 * TIMEOUT_MS);
    await Promise.all(hung);
    for (const read of store.reads) read.fail(new Error('connection lost'));
    await turn();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});

/** What became of a request whose store answered with this. */
async function readWith(query: StateQuery, answered: object): Promise<unknown> {
  const asked = reader.read(query).then(
    (record) => [record?.session, record?.tokenRevoked],
    (error: unknown) => (error instanceof TokenStateUnavailableError ? 503 : error),
  );
  await turn();
  store.reads[0]!.succeed([{ ...recordOf(userOf('anna')), ...answered }]);
  return asked;
}

describe('a read of a session, or of a token that may be revoked', () => {
  const of = { subject: 'anna' };
  const bySession = { ...of, sessionId: SESSION };
  const byToken = { ...of, tokenId: 't' };

  it.each<[string, StateQuery, object, unknown]>([
    ['a session', bySession, { session: LIVE }, [LIVE, undefined]],
    ['no such session', bySession, { session: null }, [null, undefined]],
    ['a token that was revoked', byToken, { tokenRevoked: true }, [undefined, true]],
    ['a token that was not', byToken, { tokenRevoked: false }, [undefined, false]],
    ['nothing, and was asked for nothing', of, {}, [undefined, undefined]],
  ])('hands on what the store says: %s', async (_, query, answered, expected) => {
    expect(await readWith(query, answered)).toEqual(expected);
    expect(lines).toEqual([]);
  });

  it.each<[string, StateQuery, object]>([
    ['a session', bySession, {}],
    ['a session, and it answers about the token', bySession, { tokenRevoked: false }],
    ['a token', byToken, { session: LIVE }],
    ['a token, and it answers with no boolean', byToken, { tokenRevoked: null }],
  ])('is a failure of a store that says nothing of %s', async (_, query, answered) => {
    expect(await readWith(query, answered)).toBe(503);
    expect(lines).toEqual(['error Tokens of sessions cannot be checked; they get 503']);
  });

  it('is one line in the log for all of them, and the error says what to look at', async () => {
    expect(await readWith(bySession, {})).toBe(503);
    const asked = reader.read(byToken);
    await turn();
    store.reads[1]!.succeed([recordOf(userOf('anna'))]);
    await expect(asked).rejects.toMatchObject({
      cause: {
        message:
          "The store's record does not answer sessionId or tokenId of the query: see StateRecord.",
      },
    });
    expect(lines).toHaveLength(1);
  });

  it('says nothing where there is no user, and fails no other request', async () => {
    const asked = [reader.read(bySession), reader.read(of), reader.read(bySession)];
    const failed = asked[2]!.catch((error: unknown) => error);
    await turn();
    const record = recordOf(userOf('anna'));
    store.reads[0]!.succeed([undefined, record, record]);
    expect(await asked[0]).toBeUndefined();
    expect(await asked[1]).toMatchObject({ user: { id: 'anna' } });
    expect(await failed).toBeInstanceOf(TokenStateUnavailableError);
  });
});
