import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DemoProcess } from './demo-process.js';
import { type Actor, StagePage } from './stage-page.js';
import { TemporaryFolder } from './temporary-folder.js';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
/** Where the pictures go. `npm run screenshots` renews those of the README. */
const SCREENSHOTS =
  process.env['UPDATE_SCREENSHOTS'] === '1'
    ? fileURLToPath(new URL('../../docs/screenshots/', import.meta.url))
    : `${tmpdir()}/nestjs-token-invalidation-screenshots/`;
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };

/** Every button of the page at least once. */
const STEPS: readonly [Actor, string][] = [
  ['Laptop', 'Log out the others'],
  ['Phone', 'Refresh'],
  ['Phone', 'Log in'],
  ['Tablet', 'Log in'],
  ['Tablet', 'Log out'],
  ['Tablet', 'Log in'],
  ['operator', 'Let 3 minutes pass'],
  ['Laptop', 'Refresh'],
  ['Laptop', 'Lose the answer'],
  ['Phone', 'Two tabs at once'],
  ['Tablet', 'Thief copies token'],
  ['Phone', 'Log out everywhere'],
  ['Laptop', 'Log in'],
  ['Laptop', 'Change password'],
  ['code', 'Change password by raw SQL'],
  ['code', 'Save a stale copy'],
  ['Phone', 'Log in'],
  ['administrator', 'Deactivate the user'],
  ['administrator', 'Reactivate the user'],
  ['administrator', 'Log this user out'],
  ['Phone', 'Log in'],
  ['administrator', 'Log everyone out'],
  ['Phone', 'Log in'],
  ['operator', 'Stop the database'],
  ['Phone', 'Log out everywhere'],
  ['operator', 'Start the database'],
  ['operator', 'Add a second process'],
];

describe('the page of the demo', () => {
  let folder: TemporaryFolder;
  let demo: DemoProcess;
  let browser: Browser;

  beforeAll(async () => {
    folder = new TemporaryFolder();
    demo = await DemoProcess.start(folder.path);
    // Chromium's own sandbox does not work for root, as whom CI runs; the page is ours.
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    mkdirSync(SCREENSHOTS, { recursive: true });
  });

  afterAll(async () => {
    await browser?.close();
    await demo?.terminate();
    folder?.remove();
  });

  const open = async (options: Parameters<Browser['newPage']>[0] = { viewport: DESKTOP }) => {
    const stage = new StagePage(await browser.newPage(options));
    await stage.open(demo.url);
    return stage;
  };

  it.each([
    ['a desktop', DESKTOP],
    ['a phone', PHONE],
  ])('shows on one screen of %s what one presses and what happens', async (_, viewport) => {
    const stage = await open({ viewport });
    expect(await stage.outOfSight()).toEqual([]);
    for (const [actor, text] of STEPS) {
      await stage.press(actor, text);
      expect({ text, outOfSight: await stage.outOfSight() }).toEqual({ text, outOfSight: [] });
    }
    await stage.close();
  });

  it('states a rule under the row that holds after every button', async () => {
    const stage = await open();
    for (const [actor, text] of STEPS) {
      await stage.press(actor, text);
      const verdicts = await stage.verdicts();
      expect({ text, verdicts }).toEqual({ text, verdicts: await predicted(stage) });
    }
    await stage.close();
  });

  it('runs every click, in order, also those that come while another runs', async () => {
    const stage = await open();
    await stage.clickAtOnce([
      ['code', 'Change password by raw SQL'],
      ['administrator', 'Log this user out'],
      ['Laptop', 'Log in'],
    ]);
    await stage.page.locator('#latest').getByText('Laptop logs in').waitFor();
    await stage.settled();
    const earlier = await stage.page.locator('#earlier strong').allTextContents();
    expect(earlier.filter((text) => /^(UPDATE|An administrator)/.test(text))).toEqual([
      'An administrator logs this user out',
      'UPDATE users SET password_hash = …',
    ]);
    expect(await stage.devices()).toEqual([
      'accepted',
      'logged_out_everywhere',
      'logged_out_everywhere',
    ]);
    await stage.close();
  });

  it('offers no button that would do nothing', async () => {
    const stage = await open();
    expect(await stage.offered('Laptop')).toEqual([
      'Log out',
      'Log out everywhere',
      'Change password',
      'Log out the others',
      'Refresh',
      'Lose the answer',
      'Two tabs at once',
      'Thief copies token',
    ]);
    expect(await stage.offered('code')).toEqual(['Change password by raw SQL']);
    expect(await stage.offered('administrator')).not.toContain('Reactivate the user');
    expect(await stage.offered('operator')).not.toContain('Start the database');

    await stage.press('Phone', 'Log out everywhere');
    expect(await stage.offered('Laptop')).toEqual(['Log in', 'Refresh']);
    expect(await stage.offered('code')).toEqual(['Save a stale copy']);
    expect(await stage.offered('administrator')).toEqual([]);
    await stage.page.getByText('Log in on a device first.').waitFor();

    await stage.press('Laptop', 'Log in');
    await stage.press('administrator', 'Deactivate the user');
    expect(await stage.offered('Laptop')).toEqual(['Refresh']);
    expect(await stage.offered('administrator')).toEqual(['Reactivate the user']);

    await stage.press('administrator', 'Reactivate the user');
    await stage.press('operator', 'Stop the database');
    expect(await stage.offered('operator')).toEqual(['Start the database']);
    expect(await stage.offered('code')).toEqual([]);
    await stage.press('operator', 'Start the database');
    await stage.close();
  });

  it('keeps the keyboard where it was when the pressed button goes', async () => {
    const stage = await open();
    await stage.button('Phone', 'Log out everywhere').focus();
    await stage.page.keyboard.press('Enter');
    await expect.poll(() => stage.devices()).toEqual(all('logged_out_everywhere'));
    await stage.settled();
    expect(await stage.page.locator('button:focus').textContent()).toBe('Log in (Phone)');
    await stage.close();
  });

  it('says what a signed token is normally good for, and what its claims mean', async () => {
    const stage = await open();
    const text = (await stage.page.locator('body').innerText()).replaceAll(/\s+/g, ' ');
    expect(text).toContain('A signed token is normally good until it expires, whatever you do.');
    expect(text).toContain('sid Session: which login the token comes from');
    expect(text).toContain('gen Generation: how often the refresh token was replaced');
    expect(text).toContain('iat Issued at: when the server made the token');
    expect(text).toContain('ver Version: the user’s token_version at that time');
    await stage.close();
  });

  it('logs all devices out everywhere, and lets one stay', async () => {
    const stage = await open();
    await stage.press('Phone', 'Log out everywhere');
    expect(await stage.devices()).toEqual(all('logged_out_everywhere'));
    await stage.logInAll();
    await stage.press('Laptop', 'Log out the others');
    expect(await stage.devices()).toEqual(['accepted', 'session_ended', 'session_ended']);
    expect(await stage.latest()).toMatch(/Phone refused \d+ ms later/);
    await stage.close();
  });

  it('logs one device out, by itself and by another one from the list', async () => {
    const stage = await open();
    await stage.press('Phone', 'Log out');
    expect(await stage.devices()).toEqual(['accepted', 'session_ended', 'accepted']);
    await stage.endFromList('Tablet');
    expect(await stage.latest()).toContain('Laptop ends the session of Tablet');
    expect(await stage.devices()).toEqual(['accepted', 'session_ended', 'session_ended']);
    expect((await stage.sessions()).map(({ device, state }) => [device, state])).toEqual([
      ['Laptop', 'live'],
      ['Tablet', 'ended_by_user'],
      ['Phone', 'logged_out'],
    ]);
    // The last one has nobody to end it but itself.
    expect(await stage.page.locator('#sessions button:visible').count()).toBe(0);
    await stage.close();
  });

  it('keeps the keyboard on the page when the session under it ends', async () => {
    const stage = await open();
    await stage.endButton('Tablet').focus();
    await stage.page.keyboard.press('Enter');
    await expect.poll(() => stage.devices()).toEqual(['accepted', 'accepted', 'session_ended']);
    await stage.settled();
    expect(await stage.page.locator(':focus').getAttribute('id')).toBe('latest');
    await stage.close();
  });

  it('shows the list of a phone and what it did on one screen', async () => {
    const stage = await open({ viewport: PHONE });
    await stage.endFromList('Tablet');
    await stage.page.locator('#latest').evaluate((latest) => latest.scrollIntoView());
    expect(await stage.outOfSight('#latest, #sessions')).toEqual([]);
    await stage.close();
  });

  it('refreshes: the refresh token is replaced when it is old enough', async () => {
    const stage = await open();
    await stage.press('Phone', 'Refresh');
    expect(await stage.latest()).toContain('a new access token only');
    expect((await stage.claims())[1]).toMatchObject({ gen: '0' });
    await stage.press('operator', 'Let 3 minutes pass');
    await stage.press('Phone', 'Refresh');
    expect(await stage.latest()).toContain('a new access token and a new refresh token');
    expect((await stage.claims())[1]).toMatchObject({ gen: '1' });
    await stage.press('Phone', 'Log out everywhere');
    await stage.press('Phone', 'Refresh');
    expect(await stage.latest()).toContain('answered with 401 logged_out_everywhere');
    await stage.close();
  });

  it('repeats an answer that was lost, a day later', async () => {
    const stage = await open();
    await stage.press('Laptop', 'Lose the answer');
    expect(await stage.latest()).toContain('It gets the same answer: the same new token.');
    expect(await stage.devices()).toEqual(all('accepted'));
    await stage.press('Laptop', 'Refresh');
    expect(await stage.devices()).toEqual(all('accepted'));
    await stage.close();
  });

  it('gives two tabs that refresh at once the same token, on two processes too', async () => {
    const stage = await open();
    await stage.press('operator', 'Add a second process');
    // The tablet asks both in turn.
    await stage.press('Tablet', 'Two tabs at once');
    expect(await stage.latest()).toContain('200 and 200');
    expect(await stage.latest()).toContain('Both get the same new one');
    await stage.press('operator', 'Let 3 minutes pass');
    await stage.press('Tablet', 'Refresh');
    expect(await stage.devices()).toEqual(all('accepted'));
    await stage.close();
  });

  it('finds a thief, and ends the session of the two and no other', async () => {
    const stage = await open();
    await stage.press('Phone', 'Thief copies token');
    const latest = await stage.latest();
    expect(latest).toContain('answered with 401 refresh_reused');
    expect(latest).toContain('The thief is out too: 401 session_ended');
    expect(await stage.devices()).toEqual(['accepted', 'session_ended', 'accepted']);
    expect(await stage.sessions()).toContainEqual(
      expect.objectContaining({ device: 'Phone', state: 'refresh_reused' }),
    );
    await stage.press('Phone', 'Log in');
    expect(await stage.devices()).toEqual(all('accepted'));
    await stage.close();
  });

  it('plays each story twice in a row', async () => {
    const stage = await open();
    for (const text of [
      'Lose the answer',
      'Two tabs at once',
      'Lose the answer',
      'Two tabs at once',
    ]) {
      await stage.press('Laptop', text);
      expect(await stage.latest()).toContain('the same new');
    }
    await stage.press('Laptop', 'Thief copies token');
    expect(await stage.devices()).toEqual(['session_ended', 'accepted', 'accepted']);
    await stage.close();
  });

  it('refuses tokens after a changed password, through the API and without it', async () => {
    const stage = await open();
    await stage.press('Tablet', 'Change password');
    expect(await stage.devices()).toEqual(['password_changed', 'password_changed', 'accepted']);
    await stage.press('Laptop', 'Log in');
    await stage.press('Phone', 'Log in');
    await stage.press('code', 'Change password by raw SQL');
    expect(await stage.devices()).toEqual(all('password_changed'));
    await stage.close();
  });

  it('makes no token valid again when a stale copy is saved', async () => {
    const stage = await open();
    await stage.press('Laptop', 'Log out everywhere');
    await stage.press('Laptop', 'Log in');
    await stage.press('code', 'Save a stale copy');
    expect(await stage.latest()).toContain('writes token_version 0, the row keeps 1');
    expect(await stage.devices()).toEqual([
      'accepted',
      'logged_out_everywhere',
      'logged_out_everywhere',
    ]);
    await stage.close();
  });

  it('lets an administrator deactivate the user, log the user out, and log everyone out', async () => {
    const stage = await open();
    await stage.press('administrator', 'Deactivate the user');
    expect(await stage.devices()).toEqual(all('user_inactive'));
    await stage.press('administrator', 'Reactivate the user');
    expect(await stage.devices()).toEqual(all('accepted'));
    await stage.press('administrator', 'Log this user out');
    expect(await stage.devices()).toEqual(all('logged_out_everywhere'));
    await stage.logInAll();
    await stage.press('administrator', 'Log everyone out');
    expect(await stage.devices()).toEqual(all('everyone_logged_out'));
    await stage.close();
  });

  it('logs nobody out when the database is gone for a while', async () => {
    const stage = await open();
    await stage.press('operator', 'Stop the database');
    expect(await stage.devices()).toEqual(all('token_state_unavailable'));
    await stage.press('Phone', 'Log out everywhere');
    expect(await stage.latest()).toContain('answered with 503');
    await stage.press('operator', 'Start the database');
    await expect.poll(() => stage.devices()).toEqual(all('accepted'));
    await stage.close();
  });

  it('holds across two processes', async () => {
    const stage = await open();
    await stage.press('operator', 'Add a second process');
    await expect.poll(async () => (await stage.claims())[1]?.['by']).toBe('Node B');
    expect((await stage.claims())[0]).toMatchObject({ by: 'Node A' });
    await stage.press('Phone', 'Log out everywhere');
    await expect.poll(() => stage.devices()).toEqual(all('logged_out_everywhere'));
    await stage.close();
  });

  it.each([
    { name: 'desktop-light', viewport: DESKTOP, colorScheme: 'light' },
    { name: 'desktop-dark', viewport: DESKTOP, colorScheme: 'dark' },
    { name: 'phone-light', viewport: PHONE, colorScheme: 'light' },
    { name: 'phone-dark', viewport: PHONE, colorScheme: 'dark' },
  ] as const)('is as wide as its window: $name', async ({ name, ...options }) => {
    const stage = await open(options);
    await stage.press('Laptop', 'Log out the others');
    // Some more answers, so that the picture shows a story.
    await stage.page.locator('.pulse .refused').nth(8).waitFor();
    await stage.page.mouse.move(0, 0);
    await stage.page.screenshot({ path: `${SCREENSHOTS}${name}.png` });
    const root = stage.page.locator(':root');
    const overflow = await root.evaluate((html) => html.scrollWidth - html.clientWidth);
    expect(overflow).toBe(0);
    await stage.close();
  });
});

/** The same on each of the three devices. */
function all(text: string): string[] {
  return [text, text, text];
}

/** The verdicts that follow from what the page shows, by the rule under the row or what stands there in an outage. */
async function predicted(stage: StagePage): Promise<string[]> {
  if (await stage.page.locator('#row-unreadable').isVisible()) return all('undecided');
  const row = await stage.row();
  const sessions = await stage.sessions();
  return (await stage.claims()).map(({ ver, sid }) => {
    const isLive = sessions.some(
      (session) => session['sid'] === sid && session['state'] === 'live',
    );
    return ver === row['token_version'] && row['active'] === 'true' && isLive
      ? 'accepted'
      : 'refused';
  });
}
