import { describe, expect, it } from 'vitest';
import { subjectFormat, SUBJECT_TYPES } from './subject-format.js';

const accepts = (type: string, subject: string) => subjectFormat(type)!.accepts(subject);

describe.each([
  ['smallint', '32767', '32768', '-32768', '-32769'],
  ['integer', '2147483647', '2147483648', '-2147483648', '-2147483649'],
  [
    'bigint',
    '9223372036854775807',
    '9223372036854775808',
    '-9223372036854775808',
    '-9223372036854775809',
  ],
])('a subject for an id of type %s', (type, ...[highest, tooHigh, lowest, tooLow]) => {
  it.each([highest, lowest, '0', '1', '-1', '10'])('may be %s', (subject) => {
    expect(accepts(type, subject)).toBe(true);
  });

  it.each([tooHigh, tooLow, '9'.repeat(19), '9'.repeat(20), '9'.repeat(10_240)])(
    'may not be %s, which the type does not hold',
    (subject) => {
      expect(accepts(type, subject)).toBe(false);
    },
  );

  it.each([
    '',
    ' ',
    ' 1',
    '1 ',
    '1\n',
    '\t1',
    '+1',
    '-0',
    '--1',
    '00',
    '01',
    '-01',
    '1.0',
    '1.',
    '.1',
    '1e0',
    '0x1',
    '0b1',
    '1_000',
    '1,000',
    '１',
    '١',
    'NaN',
    'Infinity',
    '1; DROP TABLE users',
    '1\0',
  ])('may not be %j, which is no canonical spelling', (subject) => {
    expect(accepts(type, subject)).toBe(false);
  });
});

describe('a subject for an id of type uuid', () => {
  const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e';

  it.each([uuid, '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])(
    'may be %s',
    (subject) => {
      expect(accepts('uuid', subject)).toBe(true);
    },
  );

  it.each([
    uuid.toUpperCase(),
    uuid.replaceAll('-', ''),
    `{${uuid}}`,
    `urn:uuid:${uuid}`,
    ` ${uuid}`,
    `${uuid}\n`,
    uuid.slice(1),
    `${uuid}0`,
    uuid.replace('0', 'g'),
    uuid.replaceAll('-', '_'),
    '',
  ])('may not be %j', (subject) => {
    expect(accepts('uuid', subject)).toBe(false);
  });
});

describe.each(['text', 'character varying', 'citext'])('a subject for an id of type %s', (type) => {
  it.each(['a', ' a ', 'Ann "O\'Neill"', '{NULL}', 'ß', '😀', 'x'.repeat(10_240), '\uFFFD'])(
    'may be %j',
    (subject) => {
      expect(accepts(type, subject)).toBe(true);
    },
  );

  it.each(['\0', 'a\0b', '\uD800', 'a\uDC00', '\uDE00\uD83D'])('may not be %j', (subject) => {
    expect(accepts(type, subject)).toBe(false);
  });
});

describe('a type that cannot be that of an id', () => {
  it.each(['numeric', 'timestamp with time zone', 'json', 'real', ''])(
    'is known to be none: %j',
    (type) => {
      expect(subjectFormat(type)).toBeUndefined();
    },
  );

  it('is none of those that an error names', () => {
    expect(SUBJECT_TYPES).toEqual([
      'uuid',
      'smallint',
      'integer',
      'bigint',
      'text',
      'character varying',
      'citext',
    ]);
  });
});
