import { describe, expect, it } from 'vitest';
import {
  booleanRow,
  durationRow,
  isBoolean,
  isFunction,
  isInjectionToken,
  isPlainObject,
  isText,
  textRow,
} from './checks.js';
import { problemsOf } from './option-table.js';

class Service {
  readonly name = 'service';
}

const VALUES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['undefined', undefined],
  ['null', null],
  ['true', true],
  ['false', false],
  ['0', 0],
  ['1', 1],
  ['NaN', Number.NaN],
  ['1n', 1n],
  ['empty text', ''],
  ['text', 'text'],
  ['a text object', Object('text')],
  ['a symbol', Symbol('token')],
  ['a function', () => {}],
  ['a class', Service],
  ['a list', []],
  ['an object', {}],
  ['an object without a prototype', Object.create(null)],
  ['an instance', new Service()],
  ['a Map', new Map()],
  ['a Date', new Date(0)],
  ['a promise', Promise.resolve()],
]);

describe.each<[string, (value: unknown) => boolean, string[]]>([
  ['isText', isText, ['text']],
  ['isBoolean', isBoolean, ['true', 'false']],
  ['isFunction', isFunction, ['a function', 'a class']],
  ['isPlainObject', isPlainObject, ['an object', 'an object without a prototype']],
  ['isInjectionToken', isInjectionToken, ['text', 'a symbol', 'a function', 'a class']],
])('%s', (_, check, accepted) => {
  it.each([...VALUES].map(([name, value]) => ({ name, value })))('$name', ({ name, value }) => {
    expect(check(value)).toBe(accepted.includes(name));
  });
});

describe('booleanRow', () => {
  it.each([true, false])('has the default %s', (fallback) => {
    expect(booleanRow(fallback).default).toBe(fallback);
  });

  it.each([0, 1, 'true', null, {}])('says that %j is not true or false', (value) => {
    expect(problemsOf({ strict: booleanRow(true) }, { strict: value })).toEqual([
      'strict is not true or false.',
    ]);
    expect(problemsOf({ strict: booleanRow(true) }, { strict: false })).toEqual([]);
  });
});

describe('textRow', () => {
  it('has a default only where one is given', () => {
    expect(textRow('is not text.', 'users')).toHaveProperty('default', 'users');
    expect(textRow('is not text.', '')).toHaveProperty('default', '');
    expect(textRow('is not text.').default).toBeUndefined();
  });

  it.each(['', 1, null, ['users']])('says what is wrong with %j', (value) => {
    expect(problemsOf({ table: textRow('is not text.') }, { table: value })).toEqual([
      'table is not text.',
    ]);
  });
});

describe('durationRow', () => {
  const table = { wait: durationRow('2s', { least: 1, most: 60 }) };

  it('has the default as it was given', () => {
    expect(table.wait.default).toBe('2s');
  });

  it.each([[1], ['1s'], [1.5], ['1m'], [60]])('takes %j, which is in the range', (wait) => {
    expect(problemsOf(table, { wait })).toEqual([]);
  });

  it.each([
    [0, '0'],
    ['999ms', '"999ms"'],
    [60.001, '60.001'],
    ['1h', '"1h"'],
    ['900', '"900"'],
    [null, 'null'],
    [Infinity, 'Infinity'],
    [{}, '{}'],
  ])('names %j, what to give and the range', (wait, shown) => {
    expect(problemsOf(table, { wait })).toEqual([
      `wait is ${shown}: give seconds as a number, or text with a unit such as '15m'. From 1 to 60 s.`,
    ]);
  });
});
