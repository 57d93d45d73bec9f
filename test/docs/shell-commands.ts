import { existsSync, readFileSync } from 'node:fs';
import { answer } from '../../src/cli/answer.js';
import { root } from './code-blocks.js';

const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};

/** What is wrong with a command of a document; `undefined`: nothing. Its scripts and files are looked for; it is not run. */
export function problemOfCommand(line: string): string | undefined {
  // Without variables before it, and without the file for its output and a comment after it.
  const command = line
    .replace(/ +#.*$/, '')
    .replace(/ > \S+$/, '')
    .replace(/^(?:[A-Z_]+=\S+ )+/, '');
  return command
    .split(/ (?:&&|\|) /)
    .map((each) => problemOf(each.split(' ')))
    .find((problem) => problem !== undefined);
}

function problemOf([program, ...words]: string[]): string | undefined {
  if (['curl', 'psql', 'pg_restore'].includes(program!)) return undefined;
  if (program === 'npm') return problemOfNpm(words);
  if (program === 'npx' && words[0] === 'vitest') {
    const paths = words.filter((word) => /^(?:src|test|tools)\//.test(word));
    return paths.find((path) => !startsAFile(path));
  }
  if (program === 'npx' && words[0] === 'nestjs-token-invalidation') {
    const { text, isError } = answer(words.slice(1));
    return isError ? text : undefined;
  }
  // Of the application: here it has no engine for its migrations.
  if (program === 'npx' && words[0] === 'prisma') return undefined;
  return `${program} is no command that a test knows`;
}

function problemOfNpm([command, script]: string[]): string | undefined {
  const name = command === 'run' ? script! : command!;
  if (name === 'ci' || name === 'install') return undefined;
  return Object.hasOwn(scripts, name) ? undefined : `npm run ${name}: there is no such script`;
}

/** vitest takes the beginning of a path, too. */
function startsAFile(path: string): boolean {
  if (existsSync(root + path)) return true;
  return existsSync(`${root}${path}.e2e-spec.ts`);
}
