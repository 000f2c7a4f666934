import type { Page } from '@playwright/test';
import { freshness, live, open } from '../support/screen';
import { expect, test } from '../support/test';

const theme = (page: Page) => page.locator('html').getAttribute('data-theme');

test('g and a letter go to the pages, and the range goes along', async ({ page }) => {
  await open(page, '/?range=5m');
  await page.keyboard.press('g');
  await page.keyboard.press('p');
  await expect(page).toHaveURL(/\/pools\?range=5m$/);
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await expect(page).toHaveURL(/\/scaling\?range=5m$/);
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await expect(page).toHaveURL(/\/events\?range=5m$/);
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await expect(page).toHaveURL(/\/\?range=5m$/);
  await live(page);
});

test('j and k walk the rows, Enter opens one, Esc leads back', async ({ page }) => {
  await open(page, '/pools/samples');
  const rows = page.locator('tr[data-row]');
  await page.keyboard.press('j');
  await expect(rows.nth(0)).toBeFocused();
  await page.keyboard.press('j');
  await expect(rows.nth(1)).toBeFocused();
  // Frames go on coming; the focus stays on its row.
  const before = await page.locator('tr[data-row]').nth(1).innerText();
  await expect(rows.nth(1)).not.toHaveText(before, { useInnerText: true });
  await expect(rows.nth(1)).toBeFocused();
  await page.keyboard.press('k');
  await expect(rows.nth(0)).toBeFocused();

  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/pools$/);
  await live(page);
  // The list is drawn when it has been read, in place of the page before.
  await expect(page.getByRole('heading', { name: 'Pools', level: 1 })).toBeVisible();
  await expect(rows.first()).toBeVisible();
  await page.keyboard.press('j');
  await expect(rows.first()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/pools\/samples/);
});

test('/ searches, the arrows choose, Enter goes there', async ({ page }) => {
  await open(page, '/');
  await page.keyboard.press('/');
  const search = page.getByRole('combobox', { name: /Search/ });
  await expect(search).toBeFocused();
  await expect(search).toHaveValue('');
  await page.keyboard.type('sample-2');
  const hits = page.getByRole('listbox', { name: 'Hits' }).getByRole('option');
  await expect(hits.first()).toContainText('sample-2');
  await page.keyboard.press('ArrowDown');
  await expect(hits.first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/pools\/samples.*sample-2/);
  await live(page);
});

test('letters are letters while somebody types', async ({ page }) => {
  await open(page, '/pools');
  const before = await theme(page);
  await page.getByPlaceholder('Filter by name').fill('');
  await page.getByPlaceholder('Filter by name').pressSequentially('gp?tej/');
  await expect(page.getByPlaceholder('Filter by name')).toHaveValue('gp?tej/');
  expect(await theme(page)).toBe(before);
  await expect(page).toHaveURL(/\/pools\?q=/);
  await expect(freshness(page)).toHaveAttribute('data-status', 'live');
  await expect(page.locator('dialog[open]')).toHaveCount(0);

  // Esc leaves the field; then the keys are commands again.
  await page.keyboard.press('Escape');
  await page.keyboard.press('p');
  await expect(freshness(page)).toHaveAttribute('data-status', 'paused');
  await page.keyboard.press('p');
  await live(page);
});

test('with a modifier a key belongs to the browser', async ({ page }) => {
  await open(page, '/');
  const before = await theme(page);
  await page.keyboard.press('Alt+t');
  await page.keyboard.press('Control+Shift+p');
  expect(await theme(page)).toBe(before);
  await expect(freshness(page)).toHaveAttribute('data-status', 'live');
});

test('? lists the keys, Esc closes the list and nothing else', async ({ page }) => {
  await open(page, '/pools/samples');
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard' });
  await expect(help).toBeVisible();
  for (const what of ['search', 'go to Pools', 'next row', 'pause and resume live data']) await expect(help).toContainText(what);
  await page.keyboard.press('Escape');
  await expect(help).toBeHidden();
  await expect(page).toHaveURL(/\/pools\/samples$/);
});

test('everything is reached by Tab, the skip link first, and the focus is seen', async ({ page }) => {
  await open(page, '/');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#main')).toBeFocused();

  await page.reload();
  await live(page);
  const reached = new Set<string>();
  for (let i = 0; i < 60; i += 1) {
    await page.keyboard.press('Tab');
    const now = await page.evaluate(() => {
      const at = document.activeElement as HTMLElement;
      const style = getComputedStyle(at);
      const seen = style.outlineStyle !== 'none' || style.boxShadow !== 'none' || style.borderColor !== '';
      return { name: (at.getAttribute('aria-label') ?? at.innerText ?? '').trim().split('\n')[0] ?? '', seen, body: at === document.body };
    });
    if (now.body) break;
    expect(now.seen, `the focus on "${now.name}" is seen`).toBe(true);
    reached.add(now.name);
  }
  for (const name of ['Overview', 'Pools', 'Events', 'Account', 'Requests', 'samples']) expect([...reached]).toContain(name);
});
