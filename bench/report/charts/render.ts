import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { compact } from './compact.js';

/** The SVG of a chart. */
export async function render(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  try {
    return `${compact(await view.toSVG())}\n`;
  } finally {
    view.finalize();
  }
}
