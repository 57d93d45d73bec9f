import { format } from 'prettier';
import { errorsPage } from './errors-page.js';
import { optionsPage } from './options-page.js';

/** The generated pages of docs/, each with its text. */
export async function generatedPages(): Promise<Readonly<Record<string, string>>> {
  return {
    'docs/errors.md': await formatted(errorsPage()),
    'docs/options.md': await formatted(optionsPage()),
  };
}

function formatted(text: string): Promise<string> {
  return format(text, { parser: 'markdown', singleQuote: true, printWidth: 100 });
}
