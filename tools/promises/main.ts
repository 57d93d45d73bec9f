// `npm run mutate:promises`: takes out one line at a time that ensures a promise, and its spec has to go red.
//
//   npm run mutate:promises            every promise
//   npm run mutate:promises -- 4 6     some
import { databaseServer } from '../embedded-postgres/embedded-postgres.js';
import { type Patch, PATCHES } from './patches.js';
import { problemOfSpec } from './run-spec.js';
import { TreeCopy } from './tree-copy.js';

/** Returns whether the promise's spec finds out the patch. */
async function isFoundOut(patch: Patch, tree: TreeCopy, databaseUrl: string): Promise<boolean> {
  const started = performance.now();
  const problem = await tree
    .patched(patch, () => problemOfSpec(tree.folder, databaseUrl, patch))
    .catch((error: unknown) => (error as Error).message);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${problem === undefined ? 'red' : 'NOT RED'}  promise ${patch.promise}, ${patch.file}, ${seconds} s${problem === undefined ? '' : `: ${problem}`}`,
  );
  return problem === undefined;
}

const asked = process.argv.slice(3).map(Number);
const patches = PATCHES.filter(({ promise }) => asked.length === 0 || asked.includes(promise));
const server = await databaseServer();
const tree = new TreeCopy();
let passed = 0;
try {
  for (const patch of patches) {
    if (await isFoundOut(patch, tree, server.url)) passed += 1;
  }
} finally {
  tree.remove();
  await server.stop();
}
const failed = patches.length - passed;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || patches.length === 0 ? 1 : 0;
