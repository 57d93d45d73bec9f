import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';

/** The files are served as they are in the sources; this module runs from `demo/dist/demo/stage`. */
const FOLDER = fileURLToPath(new URL('../../../public', import.meta.url));

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
};

/** Serves the page at `/`. */
export function servePage(app: NestExpressApplication): void {
  app.useStaticAssets(FOLDER, {
    setHeaders: (response: { setHeader(name: string, value: string): void }) => {
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    },
  });
}
