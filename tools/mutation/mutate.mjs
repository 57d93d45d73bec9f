// `npm run mutate`: changes the sources in many small ways, one at a time, and looks whether a spec goes red.
//
//   npm run mutate                              all rooms
//   npm run mutate -- rule tokens               some
//   npm run mutate -- --mutate 'src/rule/**'    some files
//   npm run mutate -- http --incremental        only what has changed since the last run with this option
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { EQUIVALENT } from './equivalent.mjs';
import { filesOf, ROOMS } from './rooms.mjs';
import { summaryOf } from './summary.mjs';

const { values, positionals } = parseArgs({
  options: {
    mutate: { type: 'string' },
    concurrency: { type: 'string' },
    incremental: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

/** Returns whether Stryker ran; what survived is in its report. */
function mutate(room, files) {
  const { concurrency, incremental } = values;
  const args = ['stryker', 'run', 'tools/mutation/stryker.config.mjs', '--mutate', files.join(',')];
  if (concurrency !== undefined) args.push('--concurrency', concurrency);
  if (incremental) args.push('--incremental');
  const { status } = spawnSync('npx', args, {
    stdio: 'inherit',
    // A fifth of the random cases finds every mutant, too.
    env: { FAST_CHECK_FACTOR: '0.2', ...process.env, MUTATED_ROOM: room },
  });
  return status === 0;
}

const asked = positionals.length > 0 ? positionals : Object.keys(ROOMS);
const unknown = asked.filter((room) => !(room in ROOMS));
if (unknown.length > 0) {
  throw new Error(
    `No such room: ${unknown.join(', ')}. There are ${Object.keys(ROOMS).join(', ')}.`,
  );
}

const lost = EQUIVALENT.filter(({ file }) => !existsSync(file)).map(({ file }) => file);
if (lost.length > 0) {
  throw new Error(`equivalent.mjs lists mutants of files that are gone: ${lost.join(', ')}.`);
}

const beginnings = values.mutate?.split(',').map((pattern) => pattern.replace(/\*.*$/, ''));
const rooms = asked.filter((room) => filesOf(room, beginnings).length > 0);
const failed = rooms.filter((room) => !mutate(room, filesOf(room, beginnings)));
if (failed.length > 0) throw new Error(`Stryker failed in ${failed.join(', ')}.`);

const { table, scores, mistakes } = summaryOf(rooms);
console.log(`\n${table}`);
for (const mistake of mistakes) console.error(mistake);
const tooLow = rooms.filter((room) => scores[room] < ROOMS[room].leastScore);
if (tooLow.length > 0) console.error(`\nToo many survivors in ${tooLow.join(', ')}.`);
if (mistakes.length > 0 || tooLow.length > 0) process.exitCode = 1;
