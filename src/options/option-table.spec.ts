import { describe, expect, it } from 'vitest';
import { isBoolean, isPlainObject, isText } from './checks.js';
import { type OptionsOf, option, problemsOf, unknownOption, valueOf } from './option-table.js';

const NAME = { check: isText, problem: 'is not text.' };
const COLUMNS = { id: option<string>(NAME), password: option<string>(NAME) };
const TABLE = {
  name: option<string>({ ...NAME, default: 'users' }),
  strict: option<boolean>({
    check: isBoolean,
    problem: (value) => `is ${JSON.stringify(value)}, not true or false.`,
  }),
  columns: option<object>({
    check: isPlainObject,
    problem: 'is not an object.',
    fields: COLUMNS,
  }),
  keys: option<object[]>({
    check: (value) => Array.isArray(value) && value.every(isPlainObject),
    problem: 'is not a list of objects.',
    fields: {
      kid: option<string>(NAME),
      columns: {
        ...option<object>({ check: isPlainObject, problem: 'is not an object.' }),
        fields: COLUMNS,
      },
    },
  }),
};

describe('problemsOf', () => {
  it.each([
    [{}],
    [{ name: undefined, strict: undefined, columns: undefined, keys: undefined }],
    [{ name: 'people', strict: false, columns: {}, keys: [] }],
    [{ columns: { id: 'id', password: undefined }, keys: [{ kid: 'a' }, {}] }],
    [Object.assign(Object.create(null), { name: 'people' })],
  ])('finds nothing wrong with %j', (given) => {
    expect(problemsOf(TABLE, given)).toEqual([]);
  });

  it.each([
    [{ name: '' }, ['name is not text.']],
    [{ name: null }, ['name is not text.']],
    [{ strict: 0 }, ['strict is 0, not true or false.']],
    [{ strict: null }, ['strict is null, not true or false.']],
    [{ columns: [] }, ['columns is not an object.']],
    [{ columns: { id: 1 } }, ['columns.id is not text.']],
    [{ keys: [{}, { kid: '' }] }, ['keys[1].kid is not text.']],
    [{ keys: [{ columns: { id: '' } }] }, ['keys[0].columns.id is not text.']],
    [{ keys: [{}, null] }, ['keys is not a list of objects.']],
  ])('says what is wrong with %j, with its path', (given, problems) => {
    expect(problemsOf(TABLE, given)).toEqual(problems);
  });

  it('looks for fields in an object, where another value may be given too', () => {
    const table = {
      cookie: option<boolean | object>({
        check: (value) => isBoolean(value) || isPlainObject(value),
        problem: 'is no cookie.',
        fields: { name: option<string>(NAME) },
      }),
    };
    expect(problemsOf(table, { cookie: true })).toEqual([]);
    expect(problemsOf(table, { cookie: { name: '' } })).toEqual(['cookie.name is not text.']);
    expect(problemsOf(table, { cookie: 'rt' })).toEqual(['cookie is no cookie.']);
  });

  it('does not look into an object whose fields are not options, such as a clock', () => {
    const table = { clock: option<object>({ check: () => true, problem: 'is no clock.' }) };
    expect(problemsOf(table, { clock: { now: () => 0 } })).toEqual([]);
  });

  it('says what must be given and is not, in its place', () => {
    const table = { id: NAME, ...TABLE, table: { ...NAME, missing: 'is missing: name it.' } };
    expect(problemsOf(table, { name: '' }, 'store.')).toEqual([
      'store.name is not text.',
      'store.table is missing: name it.',
    ]);
    expect(problemsOf(table, { table: 'users' })).toEqual([]);
    expect(problemsOf(table, { table: null })).toEqual(['table is not text.']);
  });

  it('names what is not an option, with its path, the nearest option and all that there are', () => {
    expect(problemsOf(TABLE, { nmae: 'people' })).toEqual([
      'nmae is not an option: did you mean name? Choose from name, strict, columns, keys.',
    ]);
    expect(problemsOf(TABLE, { columns: { ID: 'id' } })).toEqual([
      'columns.ID is not an option: did you mean id? Choose from id, password.',
    ]);
    expect(problemsOf(TABLE, { keys: [{ kid: 'a' }, { Kid: 'b' }] })).toEqual([
      'keys[1].Kid is not an option: did you mean kid? Choose from kid, columns.',
    ]);
    expect(problemsOf(TABLE, { keys: [{ columns: { passwrod: 'p' } }] })).toEqual([
      'keys[0].columns.passwrod is not an option: did you mean password? Choose from id, password.',
    ]);
  });

  it.each(['toString', 'constructor', '__proto__', 'hasOwnProperty', ''])(
    'does not take %j for an option, which every object or none has',
    (name) => {
      const given = Object.fromEntries([[name, 'x']]) as object;
      expect(problemsOf(TABLE, given)).toEqual([
        `${name} is not an option: choose from name, strict, columns, keys.`,
      ]);
    },
  );

  it('also names an unknown option that is undefined: it is a typo all the same', () => {
    expect(problemsOf(TABLE, { nmae: undefined })).toHaveLength(1);
  });

  it('finds every problem, unknown names first', () => {
    const given = {
      name: '',
      columns: { id: '', pass: 'p' },
      keys: [{ kid: 1 }, { kit: 'b', kid: 2 }],
      stirct: true,
    };
    expect(problemsOf(TABLE, given).map((problem) => problem.split(' ')[0])).toEqual([
      'stirct',
      'name',
      'columns.pass',
      'columns.id',
      'keys[0].kid',
      'keys[1].kit',
      'keys[1].kid',
    ]);
  });

  it('begins each path with the one that it is given', () => {
    expect(problemsOf(TABLE, { name: '', x: 1 }, 'store.')).toEqual([
      'store.x is not an option: choose from name, strict, columns, keys.',
      'store.name is not text.',
    ]);
  });

  it('reads options that the prototype of a class has', () => {
    class Options {
      get name() {
        return '';
      }
    }
    expect(problemsOf(TABLE, new Options())).toEqual(['name is not text.']);
  });
});

describe('unknownOption', () => {
  it('names the path and what to choose from', () => {
    expect(unknownOption('x', ['kid'], 'keys[0].')).toBe(
      'keys[0].x is not an option: choose from kid.',
    );
    expect(unknownOption('x', ['kid'])).toBe('x is not an option: choose from kid.');
  });

  it('asks whether the nearest name was meant', () => {
    expect(unknownOption('kdi', ['secret', 'kid'], 'keys[0].')).toBe(
      'keys[0].kdi is not an option: did you mean kid? Choose from secret, kid.',
    );
  });
});

describe('valueOf', () => {
  it('is the default only where nothing is given', () => {
    expect(valueOf(TABLE.name, undefined)).toBe('users');
    expect(valueOf(TABLE.name, 'people')).toBe('people');
    expect(valueOf(option<number>({ check: () => true, problem: '', default: 5 }), 0)).toBe(0);
    expect(valueOf(option<boolean>({ check: () => true, problem: '', default: true }), false)).toBe(
      false,
    );
    expect(valueOf(TABLE.strict, undefined)).toBeUndefined();
    expect(valueOf(TABLE.name, null)).toBeNull();
  });
});

describe('OptionsOf', () => {
  it('is an object of options that may all be left out, each of its type', () => {
    const given: OptionsOf<typeof TABLE>[] = [
      {},
      { name: 'people', strict: undefined },
      // @ts-expect-error -- a name is text
      { name: 1 },
      // @ts-expect-error -- there is no such option
      { nmae: 'people' },
    ];
    expect(given).toHaveLength(4);
  });
});
