import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { expect, it } from 'vitest';
import type { TokenVerifier } from '../tokens/token-verifier.service.js';
import { hasPassed, notePassed } from './passed-calls.js';

const [ours, theirs] = [{}, {}] as [TokenVerifier, TokenVerifier];

it('a call has passed by the verifier that let it pass, and by no other', () => {
  const call = new ExecutionContextHost([]);
  expect(hasPassed(call, ours)).toBe(false);
  notePassed(call, ours);
  expect(hasPassed(call, ours)).toBe(true);
  expect(hasPassed(call, theirs)).toBe(false);
  expect(hasPassed(new ExecutionContextHost([]), ours)).toBe(false);
});
