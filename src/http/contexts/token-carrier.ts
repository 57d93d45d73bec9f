import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import type { Verdict } from '../../tokens/verdict.js';
import type { CallAnswer } from './call-answer.js';
import type { Caller } from './caller.js';

/** What differs between the contexts of Nest other than HTTP. */
export interface TokenCarrier {
  /** The raw token of the call; `null`: none. */
  tokenOf(context: ExecutionContext): string | null;
  /** Keeps who calls, for `callerOf`; `undefined`: the call is open to anyone. */
  keepCaller(context: ExecutionContext, caller: Caller | undefined): void;
  /** What to throw, so that this context answers it. */
  errorFor(context: ArgumentsHost, answer: CallAnswer): Error;
  /** One verdict for several calls, where they are parts of one. Absent: each call has its own. */
  share?(
    context: ExecutionContext,
    demand: unknown,
    judge: () => Promise<Verdict<unknown>>,
  ): Promise<Verdict<unknown>>;
}
