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
  ['Phone', 'Log in'],
  ['Tablet', 'Log in'],
  ['Phone', 'Log out everywhere'],
  ['Laptop', 'Log in'],
  ['Laptop', 'Change password'],
  ['Tablet', 'Log in'],
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
    const holder = ['Log out everywhere', 'Log out the others', 'Change password'];
    expect(await stage.offered('Laptop')).toEqual(holder);
    expect(await stage.offered('code')).toEqual(['Change password by raw SQL']);
    expect(await stage.offered('administrator')).not.toContain('Reactivate the user');
    expect(await stage.offered('operator')).not.toContain('Start the database');

    await stage.press('Phone', 'Log out everywhere');
    expect(await stage.offered('Laptop')).toEqual(['Log in']);
    expect(await stage.offered('code')).toEqual(['Save a stale copy']);
    expect(await stage.offered('administrator')).toEqual([]);
    await stage.page.getByText('Log in on a device first.').waitFor();

    await stage.press('Laptop', 'Log in');
    await stage.press('administrator', 'Deactivate the user');
    expect(await stage.offered('Laptop')).toEqual([]);
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
    expect(text).toContain('sub Subject: whose token it is');
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
    expect(await stage.devices()).toEqual([
      'accepted',
      'logged_out_everywhere',
      'logged_out_everywhere',
    ]);
    expect(await stage.latest()).toMatch(/Phone refused \d+ ms later/);
    await stage.close();
  });

  it('refuses tokens after a changed password, through the API and without it', async () => {
    const stage = await open();
    await stage.press('Tablet', 'Change password');
    expect(await stage.devices()).toEqual(all('password_changed'));
    await stage.logInAll();
    await stage.press('code', 'Change password by raw SQL');
    expect(await stage.devices()).toEqual(all('password_changed'));
    await stage.close();
  });

  it('makes no token valid again when a stale copy is saved', async () => {
    const stage = await open();
    await stage.press('Laptop', 'Log out the others');
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
  const everyone = row['everyone_logged_out_at'] ?? 'NULL';
  return (await stage.claims()).map(({ ver, iat }) => {
    const later = everyone === 'NULL' || iat! > everyone.slice(0, 8);
    return ver === row['token_version'] && row['active'] === 'true' && later
      ? 'accepted'
      : 'refused';
  });
}
