const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e';

/** What a token with a valid signature can carry as `sub`: ids of no user, whatever type the ids have. */
export const STRANGE_SUBJECTS: readonly string[] = [
  '',
  ' ',
  '\0',
  '1\0',
  '\uD800',
  '\uDC00\uD800',
  '\uFFFD',
  'x'.repeat(10_240),
  '9'.repeat(10_240),
  '9223372036854775808',
  '-9223372036854775809',
  'NaN',
  'null',
  'undefined',
  '1e1000',
  '__proto__',
  '{}',
  '{"a"}',
  '\\',
  '"',
  `{${UUID}}`,
  `urn:uuid:${UUID}`,
  "' OR '1'='1",
  "1'; SELECT pg_sleep(60); --",
  '$1',
  '%',
];

/** A subject in a message: quoted, and not ten thousand characters long. */
export function shown(subject: string): string {
  return JSON.stringify(subject.length > 60 ? `${subject.slice(0, 60)}…` : subject);
}

/** Spellings that a lenient comparison, or a cast in the database, takes for the same id. */
export function nearMissesOf(subject: string): string[] {
  const variants = [
    ` ${subject}`,
    `${subject} `,
    `\t${subject}`,
    `${subject}\n`,
    `\uFEFF${subject}`,
    `${subject}\0`,
    `${subject}\uD800`,
    `0${subject}`,
    `+${subject}`,
    `-${subject}`,
    `${subject}.0`,
    `${subject}.`,
    `${subject}e0`,
    `0x${subject}`,
    `{${subject}}`,
    `"${subject}"`,
    subject.replaceAll('-', ''),
    subject.toUpperCase(),
    subject.toLowerCase(),
    subject.replaceAll(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  ];
  return [...new Set(variants)].filter((variant) => variant !== subject);
}
