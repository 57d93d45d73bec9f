import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { generatedPages } from './pages.js';

// Writes the pages of docs/ that are made from the source: `npm run docs`.
for (const [path, text] of Object.entries(await generatedPages())) {
  writeFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), text);
}
