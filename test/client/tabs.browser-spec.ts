import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { randomStreams } from '../histories/random.js';
import { type NodeProcess, startNode } from '../support/node-process.js';
import { hashPassword } from '../support/passwords.js';
import { SessionDatabase } from '../support/sessions/session-database.js';
import { PASSWORD } from '../support/users.js';
import { Balancer } from './balancer.js';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const ROUNDS = 8;
const CALLS = 5;
/** Longer than a refresh token stays at least, which is twice the grace. */
const AGE_SECONDS = 180;

/** What a tab has to say of its calls. */
interface Calls {
  readonly statuses: readonly number[];
  readonly gone: readonly string[];
}

describe.each([
  ['a cookie, and the access token in memory', '?cookie'],
  ['localStorage', ''],
])('three tabs with the refresh token in %s', (_, query) => {
  let database: SessionDatabase;
  let browser: Browser;
  let nodes: NodeProcess[] = [];
  let killed: NodeProcess | undefined;
  let balancer: Balancer;
  let context: BrowserContext;
  let tabs: Page[];

  const start = () => {
    const settings = { url: database.url, refreshCookie: query === '?cookie' };
    return startNode(settings, 'sessions/session-node-main.ts');
  };

  beforeAll(async () => {
    database = await SessionDatabase.open();
    nodes = await Promise.all([start(), start()]);
    // Chromium's own sandbox does not work for root, as whom CI runs; the page is ours.
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });

  afterAll(async () => {
    await browser?.close();
    await Promise.all(running().map((node) => node.stop()));
    await database?.close();
  });

  beforeEach(async () => {
    balancer = new Balancer(nodes, randomStreams(1, 1)[0]!);
    await balancer.listen();
    context = await browser.newContext();
    tabs = await Promise.all([openTab(), openTab(), openTab()]);
  });

  afterEach(async () => {
    await context?.close();
    await balancer?.close();
  });

  const running = () => nodes.filter((node) => node !== killed);

  /** The next refresh finds its node gone. */
  const killOne = () => {
    balancer.onRefresh = async (place) => {
      balancer.onRefresh = undefined;
      killed = nodes[place]!;
      await killed.kill();
    };
  };

  const restart = async () => {
    nodes[nodes.indexOf(killed!)] = await start();
  };

  const openTab = async () => {
    const tab = await context.newPage();
    await tab.goto(`${balancer.url}/${query}`);
    await tab.waitForFunction('globalThis.call !== undefined');
    return tab;
  };

  const logIn = async () => {
    const email = `${crypto.randomUUID()}@example.com`;
    const sql = 'INSERT INTO users (email, password_hash) VALUES ($1, $2)';
    await database.query(sql, email, await hashPassword(PASSWORD));
    await tabs[0]!.evaluate(`logIn(${JSON.stringify({ email, password: PASSWORD })})`);
    return database.sessionOf(email);
  };

  /** Lets the access token expire, and the next refresh token be due: the one before it was seen. */
  const letTimePass = async (sid: string) => {
    await database.age(sid, AGE_SECONDS);
    await callFrom(tabs);
    await Promise.all(running().map((node) => node.post('/device/flush')));
    await database.age(sid, AGE_SECONDS);
    await Promise.all(tabs.map((tab) => tab.evaluate('letTimePass()')));
  };

  it('nobody is logged out by a server that is killed and answers that are dropped', async () => {
    const sid = await logIn();
    const calls = await callFrom(tabs);
    for (let round = 0; round < ROUNDS; round++) {
      await letTimePass(sid);
      if (round === 2) killOne();
      // In every third round one of the tabs sleeps.
      calls.push(...(await callFrom(round % 3 === 1 ? tabs.slice(1) : tabs)));
      if (round === 5) await restart();
    }
    expect(calls.flatMap(({ statuses }) => statuses).filter((status) => status !== 200)).toEqual(
      [],
    );
    expect(calls.flatMap(({ gone }) => gone)).toEqual([]);
    const row = await database.row(sid);
    expect(row).toMatchObject({ ended_at: null });
    // The faults did happen, and so did rotations.
    expect(row['generation']).toBeGreaterThan(ROUNDS / 2);
    expect(balancer.dropped).toBeGreaterThan(ROUNDS);
    expect(killed).toBeDefined();
    expect(balancer.failed).toBeGreaterThan(0);
    expect(await database.query('SELECT id FROM users_token_sessions')).toHaveLength(1);
  });

  it('a session that was ended logs out all of them', async () => {
    const sid = await logIn();
    await callFrom(tabs);
    await database.query(
      "UPDATE users_token_sessions SET ended_at = now(), ended_reason = 'ended_by_user' WHERE id = $1",
      sid,
    );
    const calls = await callFrom(tabs);
    expect(new Set(calls.flatMap(({ statuses }) => statuses))).toEqual(new Set([401]));
    expect(calls.flatMap(({ gone }) => gone)).toContain('session_ended');
  });
});

function callFrom(tabs: readonly Page[]): Promise<Calls[]> {
  return Promise.all(tabs.map((tab) => tab.evaluate<Calls>(`call(${CALLS})`)));
}
