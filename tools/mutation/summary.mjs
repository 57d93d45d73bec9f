import { readFileSync } from 'node:fs';
import { EQUIVALENT } from './equivalent.mjs';
import { reportOf } from './rooms.mjs';

// A mutant that makes a test hang is found out, too.
const KILLED = new Set(['Killed', 'Timeout']);
const SURVIVED = new Set(['Survived', 'NoCoverage']);

const oneLine = (text) => text.replaceAll(/\s+/g, ' ');

/** The text that a mutant replaces. */
function originalOf({ location: { start, end } }, source) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return lines.join('\n');
}

/** A room's mutants, each with the entry of the list that explains it, if there is one. */
function mutantsOf(files) {
  return Object.entries(files).flatMap(([path, { mutants, source }]) => {
    const listed = EQUIVALENT.filter(({ file }) => file === path);
    return mutants.map((mutant) => {
      const name = oneLine(
        `${mutant.mutatorName}: ${originalOf(mutant, source)} → ${mutant.replacement}`,
      );
      return { path, ...mutant, name, entry: listed.find((each) => each.mutants.includes(name)) };
    });
  });
}

/** What is wrong with the list of equivalent mutants, as far as it is about these files. */
function mistakesIn(mutants, files) {
  const listed = EQUIVALENT.filter(({ file }) => file in files).flatMap(
    ({ file, mutants: names }) => names.map((name) => ({ file, name })),
  );
  return listed.flatMap(({ file, name }) => {
    const found = mutants.filter((mutant) => mutant.path === file && mutant.name === name);
    if (found.length === 0) return [`${file}: no such mutant any more: ${name}`];
    if (found.every(({ status }) => KILLED.has(status))) {
      return [`${file}: not equivalent, a spec finds it out: ${name}`];
    }
    return [];
  });
}

function count(room) {
  const { files } = JSON.parse(readFileSync(reportOf(room), 'utf8'));
  const mutants = mutantsOf(files);
  const killed = mutants.filter(({ status }) => KILLED.has(status));
  const survived = mutants.filter(({ status }) => SURVIVED.has(status));
  const explained = survived.filter(({ entry }) => entry !== undefined);
  return {
    killed: killed.length,
    explained: explained.length,
    survived: survived.length - explained.length,
    mistakes: mistakesIn(mutants, files),
  };
}

/** In percent, one decimal, rounded down: 100 means all. */
const score = ({ killed, survived }) =>
  killed + survived === 0 ? 100 : Math.floor((killed / (killed + survived)) * 1000) / 10;

const row = (name, { killed, survived, explained }) =>
  `| ${[name, killed + survived + explained, killed, explained, survived, `${score({ killed, survived })} %`].join(' | ')} |`;

/** The rooms' reports as a table in Markdown, each room's score, and what is wrong with the list of equivalent mutants. */
export function summaryOf(rooms) {
  const counts = rooms.map((room) => [room, count(room)]);
  const sum = (key) => counts.reduce((total, [, each]) => total + each[key], 0);
  const all = { killed: sum('killed'), survived: sum('survived'), explained: sum('explained') };
  const table = [
    '| room | mutants | killed | explained | survived | score |',
    '| --- | --- | --- | --- | --- | --- |',
    ...counts.map(([room, each]) => row(room, each)),
    row('all', all),
  ].join('\n');
  return {
    table,
    scores: Object.fromEntries(counts.map(([room, each]) => [room, score(each)])),
    mistakes: counts.flatMap(([, { mistakes }]) => mistakes),
  };
}
