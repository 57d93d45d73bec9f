import { expect, test } from 'vitest';
import { ClockSteps } from './clock-steps.js';

function clocks() {
  const machine = { steady: 500, wall: 1_000_000 };
  const pass = (ms: number) => {
    machine.steady += ms;
    machine.wall += ms;
  };
  const steps = new ClockSteps(
    () => machine.wall,
    () => machine.steady,
  );
  return { machine, pass, steps };
}

test('time that passes is no step', () => {
  const { steps, pass } = clocks();
  pass(60_000);
  steps.look();
  expect(steps.steps).toEqual([]);
});

test('a clock that is slewed makes no step', () => {
  const { steps, pass, machine } = clocks();
  for (let round = 0; round < 100; round++) {
    pass(100);
    machine.wall += 1;
    steps.look();
  }
  expect(steps.steps).toEqual([]);
});

test.each([-10_000, 20])('a clock that is set by %i ms is seen, and once', (byMs) => {
  const { steps, pass, machine } = clocks();
  pass(1500);
  machine.wall += byMs;
  steps.look();
  pass(100);
  steps.look();
  expect(steps.steps).toEqual([{ byMs, atMs: 1500 }]);
});

test('a reading that is held up is taken again', () => {
  const { machine, pass } = clocks();
  let heldUp = 0;
  const watched = new ClockSteps(
    () => {
      if (heldUp-- > 0) pass(50);
      return machine.wall;
    },
    () => machine.steady,
  );
  heldUp = 2;
  watched.look();
  expect(watched.steps).toEqual([]);
});
