/** SQL with one thing taken out or turned round. */
export interface Mutant {
  readonly name: string;
  readonly statements: readonly string[];
}

/** What is turned round wherever it stands, one place at a time. */
const TWISTS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\bgreatest\(/g, 'least('],
  [/\bgreatest\((?:OLD|g)\.("?\w+"?), /g, 'coalesce('],
  [/\bclock_timestamp\(\)/g, 'now()'],
  [/\bCASE WHEN (\S+) > instant THEN instant ELSE \S+ END/g, '$1'],
  [/\bIS DISTINCT FROM\b/g, 'IS NOT DISTINCT FROM'],
  [/ \+ 1\b/g, ' + 0'],
  [/ <= /g, ' < '],
  [/ SECURITY DEFINER\b/g, ''],
  [/ SET search_path = [^\n]*? AS\b/g, ' AS'],
  [/\bIF (?:[^\n]+)\n\s+AND /g, 'IF '],
  [/\bTG_OP <> 'INSERT' AND \((.+)\)(?= THEN)/g, '$1'],
  [/\bTG_OP = '\w+' OR /g, ''],
  [/\bOLD\."\w+" IS DISTINCT FROM NEW\."\w+"(?: OR |(?=\)))/g, ''],
  [/ OR OLD\."\w+" IS DISTINCT FROM NEW\."\w+"/g, ''],
  [/\bINSERT OR /g, ''],
  [/\bDELETE OR /g, ''],
  [/ OR DELETE\b/g, ''],
  [/ OR UPDATE OF "\w+"/g, ''],
  [/\bUPDATE OR /g, ''],
  [/\('\w+', (?='core=\d+'\)$)/g, "('', "],
  [/'core=\d+'\)$/g, "'')"],
];

/** Lines that say nothing to the database. All others are taken out in turn, also where the rest is no SQL any more. */
const SILENT = /^(--.*|)$/;

/** Every mutant of these statements. Some are no SQL. */
export function mutantsOf(statements: readonly string[]): Mutant[] {
  return statements.flatMap((statement, index) =>
    variantsOf(statement).map(([name, mutated]) => ({
      name,
      statements: statements.toSpliced(index, 1, ...(mutated === '' ? [] : [mutated])),
    })),
  );
}

function variantsOf(statement: string): [name: string, mutated: string][] {
  const subject = /(FUNCTION|TRIGGER) \S*?(token_invalidation\w*)/
    .exec(statement)
    ?.slice(1)
    .join(' ');
  const variants = [
    ...withoutWhole(statement),
    ...withoutLines(statement),
    ...withoutBlocks(statement),
    ...twisted(statement),
  ];
  const unique = new Map(variants.map(([name, mutated]) => [mutated, name]));
  unique.delete(statement);
  return [...unique].map(([mutated, name]) => [`${subject ?? ''} ${name}`, mutated]);
}

function withoutWhole(statement: string): [string, string][] {
  if (statement.startsWith('CREATE TRIGGER')) return [['is not made', '']];
  return statement.startsWith('ALTER') ? [[`lacks: ${statement}`, '']] : [];
}

function withoutLines(statement: string): [string, string][] {
  const lines = statement.split('\n');
  return lines.flatMap((line, index): [string, string][] =>
    SILENT.test(line.trim())
      ? []
      : [[`lacks: ${line.trim()}`, lines.toSpliced(index, 1).join('\n')]],
  );
}

function withoutBlocks(statement: string): [string, string][] {
  return [...statement.matchAll(/\bIF [^;]*? THEN\b[\s\S]*?END IF;/g)].map((match) => [
    `lacks: ${match[0].split('\n')[0]} …`,
    cut(statement, match, ''),
  ]);
}

function twisted(statement: string): [string, string][] {
  return TWISTS.flatMap(([pattern, replacement]) =>
    [...statement.matchAll(pattern)].map((match): [string, string] => {
      const instead = match[0].replace(new RegExp(pattern.source), replacement);
      const place = statement.slice(0, match.index).split('\n').length;
      return [
        `line ${place}: ${match[0].trim()} → ${instead.trim() || 'nothing'}`,
        cut(statement, match, instead),
      ];
    }),
  );
}

function cut(statement: string, match: RegExpExecArray, instead: string): string {
  return statement.slice(0, match.index) + instead + statement.slice(match.index + match[0].length);
}
