import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { expect, it } from 'vitest';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import { TokenStateUnavailableFilter } from './token-state-unavailable.filter.js';

// What it answers over HTTP is in logout-everywhere.controller.spec.ts.
it('off HTTP the error goes on as it is', () => {
  const error = new TokenStateUnavailableError(new Error('connection lost'));
  const host = new ExecutionContextHost([]);
  host.setType('rpc');
  expect(() => new TokenStateUnavailableFilter().catch(error, host)).toThrow(error);
});
