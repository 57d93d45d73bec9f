/** What a client keeps of a login. */
export interface Login {
  readonly accessToken: string;
  /** When the access token expires by the client's clock, in milliseconds since the epoch; `undefined`: not known. */
  readonly expiresAt?: number | undefined;
  /** `undefined` where it is in a cookie that the page cannot read. */
  readonly refreshToken?: string | undefined;
}

/** Where a client keeps the login; `undefined`: there is none. */
export interface LoginStorage {
  read(): Login | undefined | Promise<Login | undefined>;
  write(login: Login | undefined): void | Promise<void>;
}

/** As much of `localStorage` and `sessionStorage` as is used. */
export interface WebStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Keeps the login as long as the page, and hides it from other scripts of the page as well as a script can. */
export function memoryStorage(): LoginStorage {
  let login: Login | undefined;
  return {
    read: () => login,
    write: (written) => {
      login = written;
    },
  };
}

/**
 * Keeps the login in `localStorage`, which all tabs share, or in `sessionStorage`. Every script of the origin can read
 * it there.
 *
 * @param key - the name of the entry. Default: `'login'`
 */
export function webStorage(storage: WebStorage, key = 'login'): LoginStorage {
  return {
    read: () => JSON.parse(storage.getItem(key) ?? 'null') ?? undefined,
    write: (login) =>
      login === undefined ? storage.removeItem(key) : storage.setItem(key, JSON.stringify(login)),
  };
}

/**
 * Keeps the access token in memory, and sends it to the other tabs of the origin as soon as one of them has a new one. It
 * is for a refresh token in a cookie: the tabs share that already, and a tab that is opened later gets an access token by
 * its first call.
 *
 * @param name - of the channel. Default: `'login'`
 * @throws TypeError by `write`, for a login with a refresh token: messages of two tabs may cross, and of two copies in
 * memory one could fall behind. `webStorage` has one copy for all tabs
 */
export function sharedStorage(name = 'login'): LoginStorage & { close(): void } {
  const memory = memoryStorage();
  const channel = new BroadcastChannel(name);
  channel.addEventListener('message', (event) => {
    void memory.write((event as unknown as { data: Login | undefined }).data);
  });
  // In Node it would keep the process running.
  (channel as { unref?(): void }).unref?.();
  return {
    read: () => memory.read(),
    write: (login) => {
      if (login?.refreshToken !== undefined) {
        throw new TypeError('sharedStorage is for a refresh token in a cookie: use webStorage.');
      }
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has one origin
      channel.postMessage(login);
      return memory.write(login);
    },
    close: () => channel.close(),
  };
}
