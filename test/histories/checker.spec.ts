import { describe, expect, it } from 'vitest';
import { checkUser } from './checker.js';
import type { IssuedToken, Operation, OperationKind } from './operation.js';

/** The second of the database's clock at the start of these histories. */
const SECOND = 1_800_000_000;
const DATABASE = SECOND * 1000;

/** One user's history, and what concerned everyone, as a test writes it down: time by time, in ms. */
class Told {
  readonly operations: Operation[] = [];
  readonly everyone: Operation[] = [];
  private ids = 0;

  operation(
    kind: OperationKind,
    [invokedAt, completedAt]: [number, number],
    parts: Partial<Operation> = {},
  ): Operation {
    this.ids += 1;
    const fixed = { id: this.ids, client: 0, kind, invokedAt, completedAt };
    const operation: Operation = { outcome: 'done', subject: 'u', ...fixed, ...parts };
    (kind === 'everyone' ? this.everyone : this.operations).push(operation);
    return operation;
  }

  login(interval: [number, number], token: Partial<IssuedToken> = {}): IssuedToken {
    const [requestedAt, checkedAt] = interval;
    const made = {
      id: this.ids,
      iat: SECOND,
      ver: 0,
      requestedAt,
      checkedAt,
      clockOffsetSeconds: 0,
    };
    const issued = { ...made, ...token };
    this.operation('login', interval, { issued, password: 'first' });
    return issued;
  }

  request(interval: [number, number], token: IssuedToken, reason?: string): Operation {
    const outcome = reason === undefined ? 'done' : 'refused';
    const status = reason === undefined ? 200 : 401;
    return this.operation('request', interval, {
      token,
      outcome,
      status,
      ...(reason !== undefined && { reason }),
    });
  }

  logout(interval: [number, number], version: number, parts: Partial<Operation> = {}): Operation {
    const receipt = { version, effectiveAt: DATABASE + interval[0] };
    return this.operation('logout', interval, { receipt, ...parts });
  }

  logoutEveryone(
    interval: [number, number],
    effectiveAt: number,
    version = this.everyone.length + 1,
  ): Operation {
    return this.operation('everyone', interval, { status: 201, receipt: { version, effectiveAt } });
  }

  observe(
    interval: [number, number],
    seen: Partial<NonNullable<Operation['observed']>> = {},
  ): Operation {
    const observed = {
      databaseTime: DATABASE + interval[0],
      version: 0,
      passwordChangedAt: null,
      logoutAllAt: null,
      everyoneVersion: this.everyone.length,
      everyoneLoggedOutAt: null,
      ...seen,
    };
    return this.operation('observe', interval, { observed });
  }

  rules(): string[] {
    return checkUser(this.operations, this.everyone, 'first').map(({ rule }) => rule);
  }

  violations() {
    return checkUser(this.operations, this.everyone, 'first');
  }
}

describe('checkUser: a token after an invalidation', () => {
  it('must be refused once that is acknowledged', () => {
    const told = new Told();
    const token = told.login([0, 1]);
    told.logout([2, 3], 1);
    told.request([4, 5], token, 'logged_out_everywhere');
    expect(told.rules()).toEqual([]);
    told.request([6, 7], token);
    expect(told.rules()).toEqual(['accepted after an invalidation']);
  });

  it('is shown with its login, the invalidation and the request, and with nothing else', () => {
    const told = new Told();
    const token = told.login([0, 1]);
    told.request([1.2, 1.4], token);
    const logout = told.logout([2, 3], 1);
    told.login([3.2, 3.4], { ver: 1, id: 77 });
    const request = told.request([4, 5], token);
    expect(told.violations()).toEqual([
      expect.objectContaining({
        rule: 'accepted after an invalidation',
        witnesses: [told.operations[0], logout, request],
      }),
    ]);
  });

  it('may be accepted while that is under way', () => {
    const told = new Told();
    const token = told.login([0, 1]);
    told.logout([2, 4], 1);
    told.request([3, 5], token);
    expect(told.rules()).toEqual([]);
  });

  it('may be accepted when nobody knows whether that took effect, and may be refused', () => {
    const told = new Told();
    const token = told.login([0, 1]);
    told.operation('logout', [2, 3], { outcome: 'unknown' });
    told.request([4, 5], token);
    told.request([6, 7], token, 'logged_out_everywhere');
    expect(told.rules()).toEqual([]);
  });

  it('must be refused when its password was checked before and it was issued after', () => {
    const told = new Told();
    const laundered = told.login([0, 9], { checkedAt: 1, ver: 1 });
    told.logout([2, 3], 1);
    told.request([10, 11], laundered);
    expect(told.rules()).toEqual(['accepted after an invalidation']);
  });

  it('must have the version of all invalidations that were acknowledged', () => {
    const told = new Told();
    // Both under way together: by its time alone the token might be of after the invalidation.
    const token = told.login([0, 9], { checkedAt: 5, ver: 0 });
    told.logout([2, 6], 1);
    told.request([10, 11], token);
    expect(told.rules()).toContain('accepted with an older version');
  });

  it('lives on when it was handed out by that very invalidation, and dies with the next', () => {
    const told = new Told();
    const token = told.login([0, 1]);
    const survivor = { ...token, id: 50, ver: 1, requestedAt: 2, checkedAt: 3, survivorOf: 2 };
    told.operation('logout-everywhere', [2, 3], { token, issued: survivor, id: 2 });
    told.request([4, 5], survivor);
    expect(told.rules()).toEqual([]);
    told.logout([6, 7], 2);
    told.request([8, 9], survivor);
    expect(told.rules()).toContain('accepted after an invalidation');
  });
});

describe('checkUser: a live token', () => {
  it('must be accepted when it was asked for after the last invalidation', () => {
    const told = new Told();
    told.logout([0, 1], 1);
    const token = told.login([2, 3], { ver: 1 });
    told.request([4, 5], token, 'logged_out_everywhere');
    expect(told.rules()).toEqual(['live token refused']);
  });

  it('may be refused when an invalidation was under way at its login or its request', () => {
    for (const interval of [
      [0, 2.5],
      [3.5, 9],
    ] as [number, number][]) {
      const told = new Told();
      told.logout(interval, 1);
      const token = told.login([2, 3], { ver: 0 });
      told.request([4, 5], token, 'logged_out_everywhere');
      expect(told.rules()).toEqual([]);
    }
  });

  it('must not be refused by an outage, and gets 503 or no answer', () => {
    const told = new Told();
    const token = told.login([0, 1]);
    told.operation('request', [2, 3], { token, outcome: 'unknown', status: 503 });
    told.operation('request', [4, 5], { token, outcome: 'unknown' });
    expect(told.rules()).toEqual([]);
    told.request([6, 7], token, 'user_unknown');
    told.operation('request', [8, 9], { token, outcome: 'unknown', status: 500 });
    expect(told.rules()).toEqual(['live token refused', 'answer of no kind']);
  });

  it('of the legacy window lives until the first invalidation, whenever it was signed', () => {
    const told = new Told();
    const { ver: _, ...token } = told.login([0, 1]);
    told.request([2, 3], token, 'claims_invalid');
    told.logout([4, 5], 1);
    told.request([6, 7], token, 'logged_out_everywhere');
    expect(told.rules()).toEqual(['live token refused']);
    told.request([8, 9], token);
    expect(told.rules()).toContain('accepted after an invalidation');
  });
});

/** A login after everyone was logged out, at a node with such a clock, whose token is refused. */
function rulesOfLoginAfterwards(clockOffsetSeconds: number): string[] {
  const told = new Told();
  told.logoutEveryone([0, 1], DATABASE + 400);
  const token = told.login([2, 3], { clockOffsetSeconds });
  told.request([4, 5], token, 'everyone_logged_out');
  return told.rules();
}

/** A token of a minute later than the second in which everyone was logged out, from a node with such a clock. */
function rulesOfTokenAhead(clockOffsetSeconds: number): string[] {
  const told = new Told();
  const token = told.login([0, 1], { iat: SECOND + 60, clockOffsetSeconds });
  told.logoutEveryone([2, 3], DATABASE + 400);
  told.request([4, 5], token);
  return told.rules();
}

function activation(told: Told, interval: [number, number], active: boolean): void {
  told.operation('activation', interval, { active });
}

describe('checkUser: everyone is logged out', () => {
  it('ends the tokens of that second and of those before', () => {
    const told = new Told();
    const token = told.login([0, 1]);
    told.logoutEveryone([2, 3], DATABASE + 400);
    told.request([4, 5], token, 'everyone_logged_out');
    expect(told.rules()).toEqual([]);
    told.request([6, 7], token);
    expect(told.rules()).toEqual(['accepted after everyone was logged out']);
  });

  it('lets in who logs in afterwards, unless at a node whose clock is behind', () => {
    expect(rulesOfLoginAfterwards(0)).toEqual(['live token refused']);
    expect(rulesOfLoginAfterwards(-1)).toEqual([]);
  });

  it('may refuse a login of the same second after an answer that was lost: nobody waited for its end', () => {
    const told = new Told();
    const receipt = { version: 1, effectiveAt: DATABASE + 400 };
    told.operation('everyone', [0, 1], { receipt });
    told.request([4, 5], told.login([2, 3]), 'everyone_logged_out');
    expect(told.rules()).toEqual([]);
    const next = told.login([1000, 1001], { iat: SECOND + 1 });
    told.request([1002, 1003], next, 'everyone_logged_out');
    expect(told.rules()).toEqual(['live token refused']);
  });

  it('is survived by a token of a clock that is ahead, and by no other', () => {
    expect(rulesOfTokenAhead(60)).toEqual([]);
    expect(rulesOfTokenAhead(0)).toEqual(['accepted after everyone was logged out']);
  });
});

describe('checkUser: a deactivated user', () => {
  it('must be refused from then on, and let in after the reactivation', () => {
    const told = new Told();
    const token = told.login([0, 1]);
    activation(told, [2, 3], false);
    told.request([4, 5], token, 'user_inactive');
    activation(told, [6, 7], true);
    told.request([8, 9], token);
    expect(told.rules()).toEqual([]);
  });

  it('must not be accepted, nor a reactivated one refused', () => {
    const told = new Told();
    const token = told.login([0, 1]);
    activation(told, [2, 3], false);
    told.request([4, 5], token);
    activation(told, [6, 7], true);
    told.request([8, 9], token, 'user_inactive');
    expect(told.rules()).toEqual(['accepted while inactive', 'live token refused']);
  });

  it('may be either while that is under way, or when nobody knows', () => {
    const told = new Told();
    const token = told.login([0, 1]);
    activation(told, [2, 6], false);
    told.request([4, 5], token);
    told.request([4, 5], token, 'user_inactive');
    told.operation('activation', [7, 8], { active: true, outcome: 'unknown' });
    told.request([9, 10], token);
    told.request([9, 10], token, 'user_inactive');
    expect(told.rules()).toEqual([]);
  });
});

describe('checkUser: passwords', () => {
  it('the one that was set last opens, and no other', () => {
    const told = new Told();
    told.operation('change-password', [0, 1], { password: 'second' });
    told.operation('login', [2, 3], { password: 'second', outcome: 'refused' });
    told.operation('login', [4, 5], { password: 'first' });
    expect(told.rules()).toEqual(['right password refused', 'wrong password admitted']);
  });

  it('a change that was refused changes nothing', () => {
    const told = new Told();
    told.operation('change-password', [0, 1], { password: 'second', outcome: 'refused' });
    told.operation('login', [2, 3], { password: 'first' });
    expect(told.rules()).toEqual([]);
  });
});

describe('checkUser: versions', () => {
  it('rise by one with each invalidation, and with nothing else', () => {
    const told = new Told();
    told.logout([0, 1], 1);
    told.operation('change-password', [2, 3], { password: 'second', via: 'save' });
    told.logout([4, 5], 3);
    told.observe([6, 7], { version: 3, logoutAllAt: DATABASE + 4 });
    expect(told.rules()).toEqual([]);
    told.observe([8, 9], { version: 4, logoutAllAt: DATABASE + 4 });
    expect(told.rules()).toEqual(['version out of bounds']);
  });

  it('are lost when an invalidation makes one that was there before', () => {
    const told = new Told();
    told.logout([0, 1], 1);
    told.logout([2, 3], 1);
    expect(told.rules()).toEqual(['version out of bounds', 'version given twice']);
  });

  it('are never given to two invalidations, also when these are under way together', () => {
    const told = new Told();
    told.logout([0, 5], 1);
    told.logout([1, 4], 1);
    expect(told.rules()).toEqual(['version given twice']);
  });

  it('count a change by a writer without a receipt: a trigger that is missing shows in the row', () => {
    const told = new Told();
    told.operation('change-password', [0, 1], { password: 'second', via: 'update' });
    told.observe([2, 3], { version: 0 });
    expect(told.rules()).toContain('version out of bounds');
  });

  it('do not fall', () => {
    const told = new Told();
    told.operation('logout', [0, 1], { outcome: 'unknown' });
    told.observe([2, 3], { version: 1 });
    told.observe([4, 5], { version: 0 });
    expect(told.rules()).toEqual(['state moved back']);
  });
});

describe('checkUser: the version of everyone', () => {
  const loggedOut = { everyoneLoggedOutAt: DATABASE };

  it('is raised by one each time everyone is logged out', () => {
    const told = new Told();
    told.logoutEveryone([0, 1], DATABASE);
    told.observe([2, 3], loggedOut);
    told.logoutEveryone([4, 5], DATABASE);
    told.observe([6, 7], loggedOut);
    expect(told.rules()).toEqual([]);
  });

  it('must be raised by the time that is acknowledged', () => {
    const told = new Told();
    told.logoutEveryone([0, 1], DATABASE);
    told.observe([2, 3], { ...loggedOut, everyoneVersion: 0 });
    expect(told.rules()).toEqual(['version out of bounds']);
  });

  it('must not be raised by anything else', () => {
    const told = new Told();
    told.logoutEveryone([0, 1], DATABASE);
    told.observe([2, 3], { ...loggedOut, everyoneVersion: 2 });
    expect(told.rules()).toEqual(['version out of bounds']);
  });

  it('is not given twice', () => {
    const told = new Told();
    told.logoutEveryone([0, 3], DATABASE, 1);
    told.logoutEveryone([1, 4], DATABASE, 1);
    expect(told.rules()).toEqual(['version given twice']);
  });

  it('does not fall', () => {
    const told = new Told();
    told.logoutEveryone([0, 9], DATABASE);
    told.observe([2, 3], { ...loggedOut, everyoneVersion: 1 });
    told.observe([4, 5], { ...loggedOut, everyoneVersion: 0 });
    expect(told.rules()).toEqual(['state moved back']);
  });
});

describe('checkUser: cutoffs', () => {
  it('lie between the clock before the invalidation and the clock after it', () => {
    const told = new Told();
    told.logout([10, 11], 1, { databaseBefore: DATABASE + 9 });
    told.observe([12, 13], { version: 1, logoutAllAt: DATABASE + 10 });
    expect(told.rules()).toEqual([]);
  });

  it('must not be those of the start of a transaction', () => {
    const told = new Told();
    const receipt = { version: 1, effectiveAt: DATABASE + 1 };
    const parts = { receipt, databaseBefore: DATABASE + 20, password: 'second' };
    told.operation('change-password', [0, 30], parts);
    expect(told.rules()).toEqual(['cutoff before its invalidation']);
  });

  it('must move with the version', () => {
    const told = new Told();
    told.logout([10, 11], 1, { databaseBefore: DATABASE + 9 });
    told.observe([12, 13], { version: 1 });
    expect(told.rules()).toEqual(['cutoff before its invalidation']);
  });

  it('must not lie ahead of the clock', () => {
    const told = new Told();
    told.logout([10, 11], 1);
    told.observe([8, 9], { logoutAllAt: DATABASE + 50 });
    told.observe([12, 13], {
      version: 1,
      logoutAllAt: DATABASE + 50,
      databaseTime: DATABASE + 9,
    });
    expect(told.rules().filter((rule) => rule === 'cutoff ahead of the clock')).toHaveLength(3);
  });

  it('must not move back, nor may that of everyone', () => {
    const told = new Told();
    told.logoutEveryone([0, 1], DATABASE - 9000);
    told.observe([12, 13], { everyoneLoggedOutAt: DATABASE - 9000, passwordChangedAt: DATABASE });
    told.observe([14, 15], { everyoneLoggedOutAt: null, passwordChangedAt: DATABASE });
    told.observe([16, 17], { everyoneLoggedOutAt: DATABASE - 9000 });
    expect(told.rules()).toEqual([
      'cutoff before its invalidation',
      'state moved back',
      'state moved back',
    ]);
  });
});
