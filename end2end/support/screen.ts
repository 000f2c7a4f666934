// What is where on the screen, in one place: specs speak of cards, rows and badges.

import { type Locator, type Page, expect } from '@playwright/test';

/// The age of the data, as the top bar tells it.
export function freshness(page: Page): Locator {
  return page.locator('.freshness.js-only');
}

/// Hydrated, and frames are coming.
export async function live(page: Page): Promise<void> {
  await expect(freshness(page)).toHaveAttribute('data-status', 'live');
}

/// Opens a page and waits until it is live.
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await live(page);
}

/// One of the Overview's figures.
export function card(page: Page, title: string): Locator {
  return page.locator('.card').filter({ has: page.getByRole('link', { name: title, exact: true }) });
}

/// `12,345 in all` → 12345
export function firstNumber(text: string | null): number {
  const digits = /-?\d[\d,]*(\.\d+)?/.exec(text ?? '')?.[0];
  if (digits === undefined) throw new Error(`no number in ${JSON.stringify(text)}`);
  return Number(digits.replaceAll(',', ''));
}

/// The row of an instance or a pool, by its name.
export function row(page: Page, name: string): Locator {
  return page.locator('tr[data-row]').filter({ has: page.locator('th[scope="row"]').getByText(name, { exact: true }) });
}

/// The cell of `row` under the head `column`; columns may move.
export async function cell(page: Page, line: Locator, column: string): Promise<Locator> {
  const heads = page.locator('table').filter({ has: line }).locator('thead th');
  const names = (await heads.allInnerTexts()).map((name) => name.trim().toLowerCase());
  const at = names.findIndex((name) => name === column.toLowerCase());
  if (at < 0) throw new Error(`no column ${column} among ${names.join(', ')}`);
  return line.locator('> *').nth(at);
}

/// Names in the order of the table.
export function names(page: Page): Locator {
  return page.locator('tr[data-row] th[scope="row"]');
}

/// The badge in a row or a head: `up`, `down`, `drain` …
export async function expectState(line: Locator, state: string): Promise<void> {
  await expect(line.locator('.badge').first()).toHaveAttribute('data-state', state);
}

/// An instance's share of its pool's requests, percent.
export async function share(page: Page, instance: string): Promise<number> {
  const text = await (await cell(page, row(page, instance), 'Share')).innerText();
  return text.includes('–') ? 0 : firstNumber(text);
}

/// Chooses from the menu of an instance's row and confirms what the dialog shows.
export async function act(page: Page, instance: string, verb: string): Promise<void> {
  await row(page, instance).getByRole('button', { name: `Change ${instance}` }).click();
  await page.getByRole('button', { name: verb, exact: true }).filter({ visible: true }).click();
  await confirm(page, verb);
}

/// The dialog names the object; the verb is on the button.
export async function confirm(page: Page, verb: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: new RegExp(`^${verb}: `) });
  await expect(dialog.getByRole('table')).toBeVisible();
  await dialog.getByRole('button', { name: verb, exact: true }).click();
  await expect(dialog).toBeHidden();
}

export function toast(page: Page): Locator {
  return page.locator('.toast');
}
