const INTEGER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A number as precise as one reads it: 12,345, 123, 12.3, 1.23, 0.002. */
export function number(value: number): string {
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return INTEGER.format(value);
  if (Math.abs(value) < 0.01) return value.toPrecision(1);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** A table whose first column is text and whose others are numbers, unless `text` says how many are text. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  textColumns = 1,
): string {
  const rule = head.map((_, column) => (column < textColumns ? '---' : '--:'));
  return [head, rule, ...rows].map(line).join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
}

/** A chart in the colours of the reader. */
export function picture(chart: string, description: string): string {
  return [
    '<picture>',
    `  <source media="(prefers-color-scheme: dark)" srcset="benchmarks/${chart}-dark.svg">`,
    `  <img alt="${description}" src="benchmarks/${chart}-light.svg">`,
    '</picture>',
  ].join('\n');
}

/** Puts each section between its markers. Throws when the document has no place for it. */
export function fillSections(document: string, sections: Readonly<Record<string, string>>): string {
  return Object.entries(sections).reduce((text, [name, content]) => {
    const [open, close] = [`<!-- generated:${name} -->`, `<!-- /generated:${name} -->`];
    const start = text.indexOf(open);
    const end = text.indexOf(close);
    if (start === -1 || end < start) throw new Error(`no ${open} … ${close} in the document`);
    return `${text.slice(0, start + open.length)}\n\n${content}\n\n${text.slice(end)}`;
  }, document);
}
