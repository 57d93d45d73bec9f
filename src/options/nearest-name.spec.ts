import { describe, expect, it } from 'vitest';
import { nearestName } from './nearest-name.js';

const NAMES = ['secret', 'keys', 'expiresIn', 'endpoints', 'password', 'id', 'store'];

describe('nearestName', () => {
  it.each([
    ['a letter left out', 'expireIn', 'expiresIn'],
    ['a letter too many', 'secrets', 'secret'],
    ['another letter', 'kexs', 'keys'],
    ['two letters swapped', 'sercet', 'secret'],
    ['the first two swapped', 'ekys', 'keys'],
    ['the last two swapped', 'kesy', 'keys'],
    ['another case', 'ENDPOINTS', 'endpoints'],
    ['one letter of two', 'ix', 'id'],
    ['two mistakes in nine letters', 'ednpoinst', 'endpoints'],
    ['three mistakes in twelve letters', 'expiresInnnn', 'expiresIn'],
  ])('knows %s: %s', (_, misspelt, name) => {
    expect(nearestName(misspelt, NAMES)).toBe(name);
  });

  it.each([
    ['', 'nothing'],
    ['x', 'one letter of two is not enough'],
    ['entity', 'another word'],
    ['passwordHash', 'four letters of twelve too many'],
    ['kys2', 'two mistakes in four letters'],
    ['keysAndSecrets', 'a longer word that begins with a name'],
    ['hasOwnProperty', 'what every object has'],
  ])('finds nothing like %j: %s', (misspelt) => {
    expect(nearestName(misspelt, NAMES)).toBeUndefined();
  });

  it('takes the nearest, and of equals the first', () => {
    expect(nearestName('passwort', ['passport', 'password'])).toBe('passport');
    expect(nearestName('passwords', ['passport', 'password'])).toBe('password');
    expect(nearestName('expiresOn', ['expiresAt', 'expiresIn'])).toBe('expiresIn');
    expect(nearestName('password', [])).toBeUndefined();
  });
});
