import { describe, expect, it } from 'vitest';
import { TokenStateUnchangedError } from '../state/token-state-unchanged.error.js';
import { type ChangeRow, decodeChange } from './change-row.js';

const rowOf = (writer: string, transaction: string): ChangeRow => [
  '7',
  '5000',
  writer,
  transaction,
  'true',
  'true',
];

describe('the row of a write', () => {
  it('says what was changed', () => {
    expect(decodeChange(rowOf('800', '800'))).toEqual({
      version: 7,
      effectiveAt: new Date(5000),
      transactionId: '800',
    });
  });

  it('is no change where the condition was not met', () => {
    for (const due of ['false', null]) {
      expect(decodeChange([null, null, null, null, due, null])).toBeUndefined();
    }
  });

  it.each<[string, ChangeRow]>([
    ['the row does not show it', ['0', null, '8', '8', 'true', 'false']],
    ['the row says nothing of it', ['0', null, '8', '8', 'true', null]],
    ['nothing was written', [null, null, null, null, 'true', null]],
  ])('is an error where %s', (_, row) => {
    expect(() => decodeChange(row)).toThrow(TokenStateUnchangedError);
  });

  it.each([
    ['the transaction itself', '800', '800', '800'],
    ['a subtransaction', '801', '800', '801'],
    ['one of a later epoch', '801', String(5n * 2n ** 32n + 800n), String(5n * 2n ** 32n + 801n)],
    [
      'a subtransaction after the counter began again',
      '3',
      String(6n * 2n ** 32n - 1n),
      String(6n * 2n ** 32n + 3n),
    ],
  ])('names the full id of %s', (_, writer, transaction, full) => {
    expect(decodeChange(rowOf(writer, transaction))?.transactionId).toBe(full);
  });
});
