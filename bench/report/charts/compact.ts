/**
 * The same picture in two thirds of the bytes, since the charts are in the tarball: the font once, and nothing that is
 * the default.
 */
export function compact(svg: string): string {
  const [font = ''] = / font-family="[^"]*"/.exec(svg) ?? [];
  return svg
    .replaceAll(font, '')
    .replace('<svg', `<svg${font}`)
    .replaceAll(
      / (?:font-weight="normal"|opacity="1"|pointer-events="none"|aria-hidden="true")/g,
      '',
    )
    .replaceAll(/ aria-roledescription="[^"]*"/g, '')
    .replaceAll(/<path class="background" d="M0,0h0v0h0Z"\/>/g, '');
}
