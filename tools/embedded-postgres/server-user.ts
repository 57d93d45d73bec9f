import { readFileSync } from 'node:fs';

/** The account that the server runs as, where it is not our own. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

// The names that Debian and macOS give to the account made for PostgreSQL, and one that every system has.
const CANDIDATES = ['postgres', '_postgres', 'nobody'];

/**
 * PostgreSQL refuses to run as root: as root, an unprivileged account that exists already; as anyone else, `undefined`.
 * Looks in the list of accounts only: no account is created.
 */
export function findServerUser(
  ownUid: number | undefined = process.getuid?.(),
  readAccounts: () => string = () => readFileSync('/etc/passwd', 'utf8'),
): ServerUser | undefined {
  if (ownUid !== 0) return undefined;
  const accounts = readAccounts()
    .split('\n')
    .map((line) => line.split(':'));
  for (const candidate of CANDIDATES) {
    const account = accounts.find(([name]) => name === candidate);
    const uid = Number(account?.[2]);
    const gid = Number(account?.[3]);
    // macOS gives `nobody` the uid -2, which Node takes in one call and refuses in another.
    if (uid > 0 && gid > 0) return { name: candidate, uid, gid };
  }
  throw new Error(
    'PostgreSQL does not run as root, and /etc/passwd has neither "postgres" nor "nobody" to run it as. ' +
      'Run this as another user, or set DATABASE_URL.',
  );
}
