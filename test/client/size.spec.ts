import { build, type Rollup } from 'vite';
import { expect, it } from 'vitest';

it('the client has at most 4 kB, minified', async () => {
  const built = (await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: true,
      lib: { entry: 'src/client/index.ts', formats: ['es'] },
    },
  })) as Rollup.RollupOutput[];
  expect(built[0]!.output[0].code.length).toBeLessThanOrEqual(4096);
});
