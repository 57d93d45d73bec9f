import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import type { Results } from '../results.js';
import { render } from './charts/render.js';
import { THEMES } from './charts/theme.js';
import { chartsOf } from './charts.js';
import { fillSections } from './markdown.js';
import { sectionsOf } from './sections.js';

// npm runs its scripts in the folder of the package.
const docs = 'docs/';

async function main(file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error('which results? npm run bench:report -- FILE');
  const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
  await writeCharts(results, `${docs}benchmarks/`);
  await writeDocument(results, `${docs}benchmarks.md`);
}

async function writeCharts(results: Results, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  // No chart of an earlier run next to those of this one.
  for (const old of readdirSync(folder).filter((name) => name.endsWith('.svg'))) {
    rmSync(folder + old);
  }
  for (const { name, spec } of chartsOf(results)) {
    for (const theme of THEMES) {
      writeFileSync(`${folder}${name}-${theme.name}.svg`, await render(spec(theme)));
    }
  }
}

async function writeDocument(results: Results, path: string): Promise<void> {
  const text = fillSections(readFileSync(path, 'utf8'), sectionsOf(results));
  const options = await resolveConfig(path);
  writeFileSync(path, await format(text, { ...options, parser: 'markdown' }));
}

await main(process.argv[2]);
