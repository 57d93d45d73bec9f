import { certainValue, type UserHistory } from './history.js';
import { type Violation, violation } from './violation.js';

/** A login succeeds with the password that was set last, and with no other. A re-hash changes nothing about it. */
export function checkPasswords(history: UserHistory, initial: string): Violation[] {
  const writes = history.operations.flatMap((write) =>
    write.kind === 'change-password' && write.password !== undefined
      ? [{ write, value: write.password }]
      : [],
  );
  return history.operations.flatMap((login) => {
    if (login.kind !== 'login' || login.outcome === 'unknown') return [];
    const certain = certainValue(writes, login, initial);
    if (certain === undefined) return [];
    const { write, value } = certain;
    if ((value === login.password) === (login.outcome === 'done')) return [];
    return login.outcome === 'done'
      ? [violation('wrong password admitted', `It was ${value}.`, [write, login])]
      : [violation('right password refused', `It was ${value}.`, [write, login])];
  });
}
