// What the guard costs a message of a gateway, over a store in memory: `npm run bench -- --messages`. The empty guard and
// ours take turns, so that each difference is between neighbours in time.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ExecutionContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import {
  RevocableJwtGuard,
  TokenInvalidationModule,
  TokenIssuer,
  TokenStateStore,
} from 'nestjs-token-invalidation';
import { InMemoryTokenStateStore } from 'nestjs-token-invalidation/testing';
import { median, medianInterval } from './statistics.js';

const ROUNDS = 41;
const MESSAGES = 25_600;
/** How many messages arrive in one turn of the event loop. */
const TOGETHER = [64, 8, 1];

@Module({
  imports: [
    TokenInvalidationModule.forRoot({
      store: InMemoryTokenStateStore,
      secret: 'a secret of at least thirty-two bytes, for benchmarks',
    }),
  ],
})
class BenchModule {}

class Gateway {
  handle(): void {}
}

/** A guard that answers with a promise, as ours does. */
interface Guard {
  canActivate(context: ExecutionContext): Promise<boolean>;
}

class EmptyGuard implements Guard {
  async canActivate(): Promise<boolean> {
    return true;
  }
}

const app = await NestFactory.createApplicationContext(BenchModule, { logger: false });
const store = app.get<InMemoryTokenStateStore>(TokenStateStore, { strict: false });
const issuer = app.get(TokenIssuer, { strict: false });
const sockets = Array.from({ length: 64 }, (_, number) => {
  const user = store.add({ id: String(number), passwordHash: 'hash' });
  return { handshake: { headers: {}, auth: { token: issuer.issue(user) } } };
});
const handler: () => void = Reflect.get(Gateway.prototype, 'handle');
const ours = app.get(RevocableJwtGuard, { strict: false });
const empty = new EmptyGuard();

for (const together of TOGETHER) {
  const differences: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const without = await measure(empty, together);
    differences.push((await measure(ours, together)) - without);
  }
  const { low, high } = medianInterval(differences);
  console.log(
    `${String(together).padStart(2)} messages a turn: the guard costs a message ${median(differences).toFixed(2)} us more than an empty one, 95 % [${low.toFixed(2)}, ${high.toFixed(2)}]`,
  );
}
await app.close();

/**
 * CPU time of a message, in microseconds. The event loop turns once for the messages that arrive together, with either
 * guard: a message that arrives wakes it anyway, and our read begins at the end of the same turn.
 */
async function measure(guard: Guard, together: number): Promise<number> {
  const started = process.cpuUsage();
  const answers: Promise<unknown>[] = [];
  for (let sent = 0; sent < MESSAGES; sent += together) {
    for (const context of contexts(together)) answers.push(guard.canActivate(context));
    await nextTurn();
  }
  await Promise.all(answers);
  const { user, system } = process.cpuUsage(started);
  return (user + system) / MESSAGES;
}

function contexts(count: number): ExecutionContext[] {
  return sockets.slice(0, count).map((socket) => {
    const context = new ExecutionContextHost([socket, {}, 'move'], Gateway, handler);
    context.setType('ws');
    return context;
  });
}
