import { describe, expect, it } from 'vitest';
import { bearerToken } from './token-extractor.js';

const tokenOf = (authorization: unknown) => bearerToken({ headers: { authorization } });

describe('bearerToken', () => {
  it.each([
    ['the token after the scheme', 'Bearer a.b.c', 'a.b.c'],
    ['a scheme in any case (RFC 9110 section 11.1)', 'bEARER a.b.c', 'a.b.c'],
    ['the token after several blanks', 'Bearer    a.b.c', 'a.b.c'],
    ['what follows the token as part of it, so that it is refused', 'Bearer a.b.c d', 'a.b.c d'],
    ['a blank at the end as part of it: HTTP has dropped those', 'Bearer a.b.c ', 'a.b.c '],
    ['a no-break space as part of it', 'Bearer \u00a0a.b.c', '\u00a0a.b.c'],
    ['a list as part of it', 'Bearer a.b.c, Bearer d.e.f', 'a.b.c, Bearer d.e.f'],
    ['nothing after the scheme', 'Bearer ', ''],
    ['nothing but blanks after the scheme', 'Bearer    ', ''],
  ])('takes %s', (_, header, token) => {
    expect(tokenOf(header)).toBe(token);
  });

  it.each([
    ['no header', undefined],
    ['an empty one', ''],
    ['the scheme alone', 'Bearer'],
    ['another scheme', 'Basic eDp5'],
    ['a scheme that begins with ours', 'BearerToken a.b.c'],
    ['a token without a scheme', 'a.b.c'],
    ['a blank before the scheme', ' Bearer a.b.c'],
    ['a header that is no text', ['Bearer a.b.c']],
  ])('finds none in %s', (_, header) => {
    expect(tokenOf(header)).toBeNull();
  });

  it('takes linear time on a header of blanks', () => {
    const headers = [
      `Bearer ${' '.repeat(16_384)}`,
      `Bearer ${' '.repeat(16_384)}x y`,
      ' '.repeat(16_384),
    ];
    const began = process.cpuUsage();
    for (let round = 0; round < 100; round += 1) headers.map(tokenOf);
    // Quadratic time is seconds for one of them.
    expect(process.cpuUsage(began).user).toBeLessThan(1_000_000);
    expect(headers.map(tokenOf)).toEqual(['', 'x y', null]);
  });
});
