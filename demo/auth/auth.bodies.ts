import {
  fieldsOf,
  readBoolean,
  readEmail,
  readNewPassword,
  readOptionalText,
  readText,
} from '../http/read-body.js';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface Login extends Credentials {
  /** The device as its user knows it. */
  readonly device: string | undefined;
}

export interface PasswordChange {
  readonly currentPassword: string;
  readonly newPassword: string;
  readonly keepThisDevice: boolean;
}

export function readRegistration(body: unknown): Credentials {
  const fields = fieldsOf(body);
  return { email: readEmail(fields), password: readNewPassword(fields, 'password') };
}

export function readLogin(body: unknown): Login {
  const fields = fieldsOf(body);
  return {
    email: readEmail(fields),
    password: readText(fields, 'password'),
    device: readOptionalText(fields, 'device'),
  };
}

export function readPasswordChange(body: unknown): PasswordChange {
  const fields = fieldsOf(body);
  return {
    currentPassword: readText(fields, 'currentPassword'),
    newPassword: readNewPassword(fields, 'newPassword'),
    keepThisDevice: readBoolean(fields, 'keepThisDevice', false),
  };
}
