export const isRoot = process.getuid?.() === 0;
export const isWindows = process.platform === 'win32';

/** A machine that cannot run the embedded server: `DATABASE_URL` names another one. */
export const ownServerOnly = Boolean(process.env['DATABASE_URL']);
