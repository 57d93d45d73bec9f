import { arrayOfWords } from './sql.js';

/** How a subject must look to be an id of a column type, so that no subject can make the query of a whole batch fail. */
export interface SubjectFormat {
  /** True when the text is the one canonical spelling of an id of this type. */
  accepts(subject: string): boolean;
  /** The list of such subjects, as the statement takes it. */
  list(subjects: readonly string[]): unknown;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const DECIMAL = /^(0|-?[1-9][0-9]{0,18})$/;

/** Whether it is a UUID as PostgreSQL writes it. */
export function isUuid(value: string): boolean {
  return UUID.test(value);
}

/** Whether PostgreSQL takes it as text. It holds no NUL, and a lone surrogate would be sent as another character. */
export function isText(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0');
}

const text: SubjectFormat = { accepts: isText, list: (subjects) => subjects };

const FORMATS: Readonly<Record<string, SubjectFormat>> = {
  uuid: { accepts: isUuid, list: arrayOfWords },
  smallint: decimal(15n),
  integer: decimal(31n),
  bigint: decimal(63n),
  text,
  'character varying': text,
  citext: text,
};

/** The format of an id column, by TypeORM's normalised type; `undefined` for a type that cannot be one. */
export function subjectFormat(columnType: string): SubjectFormat | undefined {
  return FORMATS[columnType];
}

export const SUBJECT_TYPES = Object.keys(FORMATS);

function decimal(bits: bigint): SubjectFormat {
  const limit = 1n << bits;
  return {
    accepts: (subject) =>
      DECIMAL.test(subject) && BigInt(subject) < limit && BigInt(subject) >= -limit,
    list: arrayOfWords,
  };
}
