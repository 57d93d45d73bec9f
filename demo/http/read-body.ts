import { BadRequestException } from '@nestjs/common';

/** The fields of a request's body. Each may hold anything. */
export type Fields = Readonly<Record<string, unknown>>;

const MAX_LENGTH = 200;
const MIN_PASSWORD_LENGTH = 8;

export function fieldsOf(body: unknown): Fields {
  return typeof body === 'object' && body !== null ? (body as Fields) : {};
}

export function readText(fields: Fields, name: string): string {
  const value = fields[name];
  // Bounded, because argon2 would work on whatever it is given.
  if (typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH) return value;
  throw new BadRequestException(`${name} is not text of 1 to ${MAX_LENGTH} characters`);
}

export function readOptionalText(fields: Fields, name: string): string | undefined {
  return fields[name] === undefined ? undefined : readText(fields, name);
}

export function readNewPassword(fields: Fields, name: string): string {
  const password = readText(fields, name);
  if (password.length >= MIN_PASSWORD_LENGTH) return password;
  throw new BadRequestException(`${name} has fewer than ${MIN_PASSWORD_LENGTH} characters`);
}

export function readEmail(fields: Fields): string {
  return toEmail(readText(fields, 'email'));
}

/** In lower case, so that nobody registers twice. Control characters are no part of it: PostgreSQL refuses U+0000. */
export function toEmail(text: string): string {
  if (/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(text)) return text.toLowerCase();
  throw new BadRequestException('email is not an address such as ada@example.com');
}

export function readBoolean(fields: Fields, name: string, fallback?: boolean): boolean {
  const value = fields[name] ?? fallback;
  if (typeof value === 'boolean') return value;
  throw new BadRequestException(`${name} is not true or false`);
}
