import { describe, expect, it } from 'vitest';
import { hideProperties } from './hidden-properties.js';

describe('hideProperties', () => {
  it('hides a property from copies, and leaves it to code', () => {
    const record = { id: 1, secret: 'x' };
    hideProperties(['secret'])(record);
    expect(JSON.stringify(record)).toBe('{"id":1}');
    expect({ ...record }).toEqual({ id: 1 });
    record.secret = 'y';
    expect(record.secret).toBe('y');
    expect(Object.keys(record)).toEqual(['id']);
  });

  it('hides a property of an object within', () => {
    const record = { id: 1, state: { version: 2, kept: true } };
    hideProperties(['state.version'])(record);
    expect(JSON.stringify(record)).toBe('{"id":1,"state":{"kept":true}}');
  });

  it('hides a property further within', () => {
    const record = { id: 1, account: { name: 'a', state: { version: 2, kept: true } } };
    hideProperties(['account.state.version'])(record);
    expect(JSON.stringify(record)).toBe('{"id":1,"account":{"name":"a","state":{"kept":true}}}');
  });

  it.each([{ id: 1 }, { id: 1, state: null }, { id: 1, state: 7 }])(
    'adds nothing to a record that lacks it: %j',
    (record) => {
      hideProperties(['secret', 'state.version'])(record);
      expect(Object.hasOwn(record, 'secret')).toBe(false);
    },
  );

  it('leaves a frozen record as it is', () => {
    const record = Object.freeze({ id: 1, secret: 'x' });
    expect(() => hideProperties(['secret'])(record)).not.toThrow();
  });
});
