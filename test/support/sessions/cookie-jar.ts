interface Cookie {
  readonly pair: string;
  readonly name: string;
  readonly path: string;
}

/** The cookies of a browser, as far as their paths go (RFC 6265 sections 5.1.4 and 5.3). */
export class CookieJar {
  cookies: readonly Cookie[] = [];

  /** @param lines - as `Set-Cookie` has them */
  constructor(...lines: readonly string[]) {
    for (const line of lines) this.take(line);
  }

  /** Stores a cookie in place of the one with the same name and path, or removes that one. */
  take(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = ''] = pair.split('=', 1);
    const path = /^Path=(.*)$/.exec(attributes.find((one) => one.startsWith('Path=')) ?? '')?.[1];
    if (path === undefined) throw new Error(`This cookie has no path: ${line}`);
    const others = this.cookies.filter((cookie) => cookie.name !== name || cookie.path !== path);
    const isGone = attributes.includes('Max-Age=0');
    this.cookies = isGone ? others : [...others, { pair, name, path }];
  }

  /** What a request to this path carries. */
  headerFor(route: string): string | undefined {
    const sent = this.cookies.filter(({ path }) => covers(path, route)).map(({ pair }) => pair);
    return sent.length === 0 ? undefined : sent.join('; ');
  }
}

function covers(path: string, route: string): boolean {
  return route === path || route.startsWith(path.endsWith('/') ? path : `${path}/`);
}
