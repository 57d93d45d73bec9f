import { readFileSync } from 'node:fs';
import { reportOf } from './rooms.mjs';

/** A room's mutants, counted by what became of them. A mutant that makes a test hang is found out, too. */
function count(room) {
  const { files } = JSON.parse(readFileSync(reportOf(room), 'utf8'));
  const statuses = Object.values(files).flatMap(({ mutants }) =>
    mutants.map(({ status }) => status),
  );
  const of = (...wanted) => statuses.filter((status) => wanted.includes(status)).length;
  return {
    killed: of('Killed', 'Timeout'),
    survived: of('Survived', 'NoCoverage'),
    explained: of('Ignored'),
  };
}

/** In percent, one decimal, rounded down: 100 means all. */
const score = ({ killed, survived }) => Math.floor((killed / (killed + survived)) * 1000) / 10;

const row = (name, { killed, survived, explained }) =>
  `| ${[name, killed + survived + explained, killed, explained, survived, `${score({ killed, survived })} %`].join(' | ')} |`;

/** The rooms' reports as a table in Markdown, and each room's score. */
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
  return { table, scores: Object.fromEntries(counts.map(([room, each]) => [room, score(each)])) };
}
