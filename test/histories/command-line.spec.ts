import { describe, expect, it } from 'vitest';
import { readCommandLine } from './command-line.js';

describe('readCommandLine', () => {
  it('fills in what is not given, a seed by chance', () => {
    const { seed, ...rest } = readCommandLine([]);
    expect(rest).toEqual({ processes: 3, clients: 16, seconds: 60, sessions: false });
    expect(Number.isSafeInteger(seed)).toBe(true);
  });

  it('reads every option', () => {
    const given = '--processes 2 --clients 8 --seconds 20 --operations 9 --seed 0';
    const args = `${given} --plant stale-copy`.split(' ');
    expect(readCommandLine(args)).toEqual({
      processes: 2,
      clients: 8,
      seconds: 20,
      operations: 9,
      seed: 0,
      fault: 'stale-copy',
      sessions: false,
    });
  });

  it('plays sessions, which have their own faults', () => {
    const args = '--sessions --plant new-child-grace'.split(' ');
    expect(readCommandLine(args)).toMatchObject({ sessions: true, fault: 'new-child-grace' });
    expect(() => readCommandLine(['--sessions', '--plant', 'stale-copy'])).toThrow(
      /--plant is "stale-copy": choose from new-child-grace/,
    );
  });

  it.each([
    [['--sed', '1'], /--sed/],
    [['20'], /20/],
    [['--seconds'], /seconds/],
    [['--seconds', '0'], /--seconds is "0"/],
    [['--seconds', '1e3'], /--seconds is "1e3"/],
    [['--processes', '17'], /--processes is "17"/],
    [['--clients', '-1'], /clients/],
    [['--seed', '2147483648'], /--seed is "2147483648"/],
    [['--plant', 'rose'], /--plant is "rose": choose from check-dropped/],
  ])('refuses %j', (args, message) => {
    expect(() => readCommandLine(args)).toThrow(message);
  });
});
