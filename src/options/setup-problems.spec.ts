import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../test/support/problems-of.js';
import { TokenInvalidationConfigError } from './config.error.js';
import { SetupProblems } from './setup-problems.js';

describe('SetupProblems', () => {
  it('throws all that was found, in its order', () => {
    const problems = new SetupProblems();
    problems.add('one', 'two');
    const read = problems.collect(() => {
      throw new TokenInvalidationConfigError(['three', 'four']);
    });
    expect(read).toBeUndefined();
    expect(problemsOf(() => problems.throwIfAny())).toEqual(['one', 'two', 'three', 'four']);
  });

  it('throws nothing where nothing was found, and hands on what was read', () => {
    const problems = new SetupProblems();
    expect(problems.collect(() => 'read')).toBe('read');
    problems.add();
    expect(() => problems.throwIfAny()).not.toThrow();
  });

  it('hides no other error', () => {
    const failure = new Error('no problem of the set-up');
    const fail = () => {
      throw failure;
    };
    expect(() => new SetupProblems().collect(fail)).toThrow(failure);
  });
});
