import { format, resolveConfig } from 'prettier';
import { errorsPage } from './errors-page.js';
import { optionsPage } from './options-page.js';

/** The generated pages of docs/, each with its text. */
export async function generatedPages(): Promise<Readonly<Record<string, string>>> {
  return {
    ...(await formatted('docs/errors.md', errorsPage())),
    ...(await formatted('docs/options.md', optionsPage())),
  };
}

async function formatted(path: string, text: string): Promise<Record<string, string>> {
  return { [path]: await format(text, { ...(await resolveConfig(path)), parser: 'markdown' }) };
}
