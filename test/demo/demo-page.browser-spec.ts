import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DemoProcess } from './demo-process.js';
import { TemporaryFolder } from './temporary-folder.js';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
/** Where the pictures go: UPDATE_SCREENSHOTS=1 renews those of the README. */
const SCREENSHOTS =
  process.env['UPDATE_SCREENSHOTS'] === '1'
    ? fileURLToPath(new URL('../../docs/screenshots/', import.meta.url))
    : `${tmpdir()}/nestjs-token-invalidation-screenshots/`;
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };

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
    folder.remove();
  });

  const open = async (options: Parameters<Browser['newPage']>[0] = { viewport: DESKTOP }) => {
    const stage = new StagePage(await browser.newPage(options));
    await stage.open(demo.url);
    return stage;
  };

  it('logs all devices out everywhere, and lets one stay', async () => {
    const stage = await open();
    await stage.press('Log out everywhere (Phone)');
    await expect.poll(() => stage.devices()).toEqual(all('logged_out_everywhere'));
    await stage.logInAll();
    await stage.press('Log out everywhere but here (Laptop)');
    await expect
      .poll(() => stage.devices())
      .toEqual(['accepted', 'logged_out_everywhere', 'logged_out_everywhere']);
    expect(await stage.lastEvent()).toMatch(/Phone refused \d+ ms later/);
    await stage.close();
  });

  it('ends tokens by a changed password, through the API and round it', async () => {
    const stage = await open();
    await stage.press('Change password (Tablet)');
    await expect.poll(() => stage.devices()).toEqual(all('password_changed'));
    await stage.logInAll();
    await stage.press('Change the password by raw SQL');
    await expect.poll(() => stage.devices()).toEqual(all('password_changed'));
    await stage.close();
  });

  it('revives nothing when a stale copy is saved', async () => {
    const stage = await open();
    await stage.press('Log out everywhere but here (Laptop)');
    await stage.press('Save a stale copy of the user');
    expect(await stage.lastEvent()).toContain('writes token_version 0, and the row keeps 1');
    await expect
      .poll(() => stage.devices())
      .toEqual(['accepted', 'logged_out_everywhere', 'logged_out_everywhere']);
    await stage.close();
  });

  it('lets an administrator end tokens and deactivate the user', async () => {
    const stage = await open();
    await stage.press('Deactivate the user');
    await expect.poll(() => stage.devices()).toEqual(all('user_inactive'));
    await stage.press('Reactivate the user');
    await expect.poll(() => stage.devices()).toEqual(all('accepted'));
    await stage.press('End this user’s tokens');
    await expect.poll(() => stage.devices()).toEqual(all('logged_out_everywhere'));
    await stage.press('Log everyone out');
    expect(await stage.lastEvent()).toContain('An administrator logs everyone out');
    await stage.close();
  });

  it('logs nobody out when the database is gone for a while', async () => {
    const stage = await open();
    await stage.press('Stop the database');
    await expect.poll(() => stage.devices()).toEqual(all('token_state_unavailable'));
    await stage.press('Log out everywhere (Phone)');
    expect(await stage.lastEvent()).toContain('answered with 503');
    await stage.press('Start the database');
    await expect.poll(() => stage.devices()).toEqual(all('accepted'));
    expect(await stage.lastEvent()).toContain('with the same token');
    await stage.close();
  });

  it('holds across two processes', async () => {
    const stage = await open();
    await stage.page.getByRole('tab', { name: 'One process' }).press('ArrowRight');
    await stage.page.getByText('Two processes on one database').waitFor();
    await stage.page
      .getByText(/Node B \(process \d+\)/)
      .first()
      .waitFor();
    await stage.press('Log out everywhere (Phone)');
    await expect.poll(() => stage.devices()).toEqual(all('logged_out_everywhere'));
    await stage.close();
  });

  it.each([
    { name: 'desktop-light', viewport: DESKTOP, colorScheme: 'light' },
    { name: 'desktop-dark', viewport: DESKTOP, colorScheme: 'dark' },
    { name: 'phone-light', viewport: PHONE, colorScheme: 'light' },
    { name: 'phone-dark', viewport: PHONE, colorScheme: 'dark' },
  ] as const)('fits into its window: $name', async ({ name, ...options }) => {
    const stage = await open(options);
    await stage.press('Log out everywhere but here (Laptop)');
    // Some more answers, so that the picture shows a story.
    await stage.page.locator('.pulse .refused').nth(8).waitFor();
    await stage.page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: true });
    const root = stage.page.locator(':root');
    const overflow = await root.evaluate((html) => html.scrollWidth - html.clientWidth);
    expect(overflow).toBe(0);
    await stage.close();
  });
});

/** The page, as somebody in front of it uses it. */
class StagePage {
  private readonly complaints: string[] = [];

  constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      // The browser reports every 401 and 503 as an error, and these are what the page is about.
      if (/error|warning/.test(message.type()) && !/status of \d+/.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
  }

  async open(url: string): Promise<void> {
    this.page.on('request', (request) => {
      if (!request.url().startsWith(`${url}/`)) this.complaints.push(`loads ${request.url()}`);
    });
    await this.page.goto(url);
    await this.page.getByText('Tablet logs in', { exact: true }).waitFor();
  }

  /** Presses a button, and waits until what it did is in the timeline. */
  async press(name: string): Promise<void> {
    const events = this.page.locator('#timeline > li');
    const before = await events.count();
    await this.page.getByRole('button', { name, exact: true }).click();
    await events.nth(before).waitFor();
    await this.page.locator('#panel[aria-busy=false]').waitFor();
  }

  async logInAll(): Promise<void> {
    for (const device of ['Laptop', 'Phone', 'Tablet']) await this.press(`Log in (${device})`);
  }

  /** What stands on each device: the code of the refusal, or that it was accepted. */
  async devices(): Promise<(string | null)[]> {
    const cards = await this.page.locator('.device').all();
    return Promise.all(
      cards.map(async (card) => {
        const code = await card.locator('.reason code').textContent();
        return code || card.locator('.verdict').getAttribute('data-verdict');
      }),
    );
  }

  lastEvent(): Promise<string> {
    return this.page.locator('#timeline > li').first().innerText();
  }

  async close(): Promise<void> {
    await this.page.close();
    if (this.complaints.length > 0) throw new Error(this.complaints.join('\n'));
  }
}

/** The same on each of the three devices. */
function all(text: string): string[] {
  return [text, text, text];
}
