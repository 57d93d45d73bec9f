import type { Locator, Page } from 'playwright-core';

/** Who presses a button: a device, or somebody else. */
export type Actor = 'Laptop' | 'Phone' | 'Tablet' | 'code' | 'administrator' | 'operator';

const DEVICES = ['Laptop', 'Phone', 'Tablet'] as const;

/** For a busy machine. */
const PATIENCE_MS = 120_000;

/** The page, as somebody in front of it uses it. */
export class StagePage {
  private readonly complaints: string[] = [];

  constructor(readonly page: Page) {
    page.setDefaultTimeout(PATIENCE_MS);
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
    await this.settled();
  }

  button(actor: Actor, text: string): Locator {
    return this.group(actor).getByRole('button', { name: new RegExp(`^${text}( \\(|$)`) });
  }

  /** Presses a button, and waits until the story says what it did. */
  async press(actor: Actor, text: string): Promise<void> {
    await this.choose(actor);
    await this.happens(() => this.button(actor, text).click());
  }

  /** Presses one button right after the other, without a look at what happens. */
  async clickAtOnce(clicks: readonly [Actor, string][]): Promise<void> {
    const buttons = await Promise.all(
      clicks.map(([actor, text]) => this.anyButton(actor, text).elementHandle()),
    );
    await this.page.evaluate(
      (elements) => elements.forEach((element) => (element as { click(): void } | null)?.click()),
      buttons,
    );
  }

  /** On a narrow screen the buttons of one actor show at a time. */
  async choose(actor: Actor): Promise<void> {
    if (await this.group(actor).isVisible()) return;
    await this.page.locator(`input[value=${actor}]`).check();
  }

  async logInAll(): Promise<void> {
    for (const device of DEVICES) await this.press(device, 'Log in');
  }

  /** The texts of the actor's buttons. */
  async offered(actor: Actor): Promise<string[]> {
    const buttons = await this.group(actor).locator('button:not([hidden])').allTextContents();
    return buttons.map((text) => text.replace(/ \(.*/, ''));
  }

  /** What each device shows: the code of the refusal, or that it was accepted. */
  async devices(): Promise<string[]> {
    const cards = await this.page.locator('.device').all();
    return Promise.all(
      cards.map(async (card) => {
        const code = await card.locator('.reason code').textContent();
        return code || (await card.locator('.verdict').getAttribute('data-verdict')) || '';
      }),
    );
  }

  verdicts(): Promise<(string | null)[]> {
    return this.page
      .locator('.verdict')
      .evaluateAll((labels) => labels.map((label) => label.getAttribute('data-verdict')));
  }

  /** The claims that each device shows, by their names. */
  async claims(): Promise<Record<string, string>[]> {
    const lists = await this.page.locator('.device .facts').all();
    return Promise.all(lists.map(facts));
  }

  row(): Promise<Record<string, string>> {
    return facts(this.page.locator('#row'));
  }

  /** The list of sessions, row by row. */
  async sessions(): Promise<Record<string, string>[]> {
    const names = await this.page.locator('.sessions th').allTextContents();
    const rows = await this.page.locator('#sessions tr').all();
    return Promise.all(
      rows.map(async (row) => {
        const texts = await row.locator('td:not(.state), .state span').allTextContents();
        return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
      }),
    );
  }

  endButton(device: (typeof DEVICES)[number]): Locator {
    return this.page.getByRole('button', { name: `End the session of the ${device}` });
  }

  /** Ends the session of a device from the list. */
  async endFromList(device: (typeof DEVICES)[number]): Promise<void> {
    await this.happens(() => this.endButton(device).click());
  }

  latest(): Promise<string> {
    return this.page.locator('#latest').innerText();
  }

  /** What of the story is not on the screen. With the title in it, nobody has scrolled. */
  async outOfSight(what = 'h1, .verdict, .group button, #latest'): Promise<string[]> {
    const { width, height } = this.page.viewportSize()!;
    const parts = this.page.locator(what);
    const boxes = await parts.evaluateAll((elements) =>
      elements.map((element) => {
        const { top, bottom, left, right } = element.getBoundingClientRect();
        return { top, bottom, left, right, text: element.textContent ?? '' };
      }),
    );
    return boxes
      .filter(({ top, bottom, left, right }) => {
        const outside = top < 0 || left < 0 || bottom > height || right > width;
        // What is hidden has no height.
        return bottom > top && outside;
      })
      .map(({ text }) => text);
  }

  async close(): Promise<void> {
    await this.page.close();
    if (this.complaints.length > 0) throw new Error(this.complaints.join('\n'));
  }

  /** Every event that was asked for has happened. */
  settled(): Promise<void> {
    return this.page.locator('#stage[aria-busy=false]').waitFor();
  }

  /** Waits until the story says what an action did. */
  private async happens(act: () => Promise<void>): Promise<void> {
    const events = this.page.locator('.entry');
    const before = await events.count();
    await act();
    await events.nth(before).waitFor({ state: 'attached' });
    await this.settled();
  }

  /** Offered or not. */
  private anyButton(actor: Actor, text: string): Locator {
    return this.group(actor).locator('button', { hasText: new RegExp(`^${text}( \\(|$)`) });
  }

  private group(actor: Actor): Locator {
    return this.page.locator(`.group[data-actor=${actor}]`);
  }
}

async function facts(list: Locator): Promise<Record<string, string>> {
  const names = await list.locator('dt').allTextContents();
  const values = await list.locator('dd').allTextContents();
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}
