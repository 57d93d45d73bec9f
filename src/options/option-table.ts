import { nearestName } from './nearest-name.js';

/**
 * One option: its default, how a given value is checked, and what to say when it cannot be used. The comment above the
 * row is the option's documentation: `docs/options.md` is generated from it, and editors show it.
 */
export interface OptionRow<Value = unknown> {
  /** Taken where nothing is given. Absent: there is none, and the option stays `undefined`. */
  readonly default?: Value | undefined;
  /** Whether a given value can be used. */
  readonly check: (value: unknown) => boolean;
  /** What is wrong with a value that cannot, and what to do; it follows the option's path. */
  readonly problem: string | ((value: unknown) => string);
  /** What to say where nothing is given; it follows the path. Absent: the option may be left out. */
  readonly missing?: string;
  /** The options inside of a value that is an object, or a list of objects. Other values may be allowed too. */
  readonly fields?: OptionTable;
  /** Names the type of the value; never there at run time. */
  readonly type?: Value;
}

export type OptionTable = Readonly<Record<string, OptionRow>>;

/** The object of options that a table describes: every option may be left out. */
export type OptionsOf<Table extends OptionTable> = {
  [Name in keyof Table]?: ValueOf<Table[Name]> | undefined;
};

type ValueOf<Row> = Row extends OptionRow<infer Value> ? Value : never;

/** A row whose values have this type. */
export function option<Value>(row: OptionRow<Value>): OptionRow<Value> {
  return row;
}

/** What is wrong with the given options, each problem with its path and what to do: unknown names first. */
export function problemsOf(table: OptionTable, given: object, path = ''): string[] {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(table, name));
  return [
    ...unknown.map((name) => unknownOption(name, Object.keys(table), path)),
    ...Object.entries(table).flatMap(([name, row]) =>
      problemsOfValue(row, Reflect.get(given, name), `${path}${name}`),
    ),
  ];
}

export function unknownOption(name: string, names: readonly string[], path = ''): string {
  const nearest = nearestName(name, names);
  const choose = nearest === undefined ? 'choose' : `did you mean ${nearest}? Choose`;
  return `${path}${name} is not an option: ${choose} from ${names.join(', ')}.`;
}

function problemsOfValue(row: OptionRow, value: unknown, path: string): string[] {
  if (value === undefined) return row.missing === undefined ? [] : [`${path} ${row.missing}`];
  if (!row.check(value)) {
    const { problem } = row;
    return [`${path} ${typeof problem === 'string' ? problem : problem(value)}`];
  }
  if (row.fields === undefined || typeof value !== 'object') return [];
  return Array.isArray(value)
    ? value.flatMap((item: object, index) => problemsOf(row.fields!, item, `${path}[${index}].`))
    : problemsOf(row.fields, value as object, `${path}.`);
}

/** A given value, or the default of its row. */
export function valueOf<Value>(row: OptionRow<Value>, given: unknown): Value {
  return (given === undefined ? row.default : given) as Value;
}
