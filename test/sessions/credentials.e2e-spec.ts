import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestApp } from '../support/create-app.js';
import { createSessionApp } from '../support/sessions/session-app.js';
import { type Device, SessionClient } from '../support/sessions/session-client.js';
import { SessionDatabase } from '../support/sessions/session-database.js';
import { StatementCounter } from '../support/statement-counter.js';
import { createUser } from '../support/users.js';

let database: SessionDatabase;
let app: TestApp;
let client: SessionClient;
let device: Device;

beforeAll(async () => {
  database = await SessionDatabase.open();
  app = await createSessionApp({ url: database.url });
  client = new SessionClient(app.url);
  device = await client.logIn((await createUser(app.dataSource)).email, { label: 'Phone' });
});
afterAll(async () => {
  await app?.close();
  await database?.close();
});

const bytesOf = (refresh: string) => Buffer.from(refresh.slice(5), 'base64url');
const tokenOf = (bytes: Buffer) => `nti1_${bytes.toString('base64url')}`;

describe('T17 wrong kind', () => {
  it('nti1_ with one bit flipped, or in another spelling, is refused without a statement', async () => {
    const bits = Array.from({ length: bytesOf(device.refresh).length * 8 }, (_, bit) => {
      const bytes = bytesOf(device.refresh);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      return tokenOf(bytes);
    });
    const spellings = [`${device.refresh}=`, `${device.refresh} `, device.refresh.slice(0, -1)];
    const statements = new StatementCounter();
    const outcomes = new Set<string | number>();
    for (const token of [...bits, ...spellings, device.access]) {
      outcomes.add((await client.refresh(token)).outcome);
    }
    const sent = statements.count;
    statements.stop();
    expect([...outcomes]).toEqual(['401 refresh_invalid']);
    expect(sent).toBe(0);
    expect((await client.refresh(device.refresh)).outcome).toBe(200);
  });
});
