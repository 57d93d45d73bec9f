/** How the application of these tests finds its users. */
export abstract class Accounts {
  /** The record that the password was checked against; `undefined`: no such user, or another password. */
  abstract check(email: string, password: string): Promise<Account | undefined>;
}

/** As much of a user as every data layer's record has. */
export interface Account {
  readonly id: string;
  readonly email: string;
}
