// Circuit breakers: seen, held, let go and reset.

import type { Page } from '@playwright/test';
import { card, expectState, live, open, row, share, toast } from '../support/screen';
import { expect, test } from '../support/test';

const breaker = (page: Page, name: string) => row(page, name).locator('.badge').first();

async function choose(page: Page, name: string, verb: string): Promise<void> {
  await row(page, name).getByRole('button', { name: `Change the breaker of ${name}` }).click();
  await page.getByRole('button', { name: verb, exact: true }).filter({ visible: true }).click();
}

test('one that is held open gets nothing, in every browser, until somebody lets go', async ({ page, another }) => {
  const watcher = await (await another()).newPage();
  await open(watcher, '/pools/samples');
  await open(page, '/breakers');
  await expect(page.getByText('All 4 let requests through.')).toBeVisible();
  await choose(page, 'sample-3', 'Hold open');
  const dialog = page.getByRole('dialog', { name: 'Hold open: sample-3' });
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await dialog.getByLabel('For').fill('0');
  await dialog.getByRole('button', { name: 'Hold open' }).click();
  await expect(dialog.getByRole('alert')).toContainText('whole number from 1');
  await dialog.getByLabel('For').fill('5');
  await dialog.getByRole('button', { name: 'Hold open' }).click();
  await expect(toast(page)).toContainText('1 breaker of samples: held open.');
  await expect(breaker(page, 'sample-3')).toHaveAttribute('data-breaker', 'forced_open');
  // Worst first.
  await expect(page.locator('tr[data-row]').first()).toContainText('sample-3');
  await expectState(row(watcher, 'sample-3'), 'breaker_open');
  await expect.poll(() => share(watcher, 'sample-3'), { timeout: 30_000 }).toBe(0);

  await choose(page, 'sample-3', 'Let go');
  await page.getByRole('dialog', { name: 'Let go: sample-3' }).getByRole('button', { name: 'Let go' }).click();
  await expect(breaker(page, 'sample-3')).toHaveAttribute('data-breaker', 'closed');
  await expectState(row(watcher, 'sample-3'), 'up');
  const history = page.getByRole('region', { name: 'History' });
  await expect(history).toContainText('The breaker of sample-3 of pool samples is forced open, was closed');
  await expect(history).toContainText('an operator let go');
});

test('several are reset together, and it is written down', async ({ page }) => {
  await open(page, '/breakers');
  await page.getByRole('checkbox', { name: 'Tick pool samples' }).check();
  await page.getByRole('checkbox', { name: 'Tick sample-1' }).check();
  const bulk = page.getByRole('group', { name: 'Ticked breakers' });
  await expect(bulk).toContainText('2 ticked');
  await bulk.getByRole('button', { name: 'Reset' }).click();
  await page.getByRole('dialog', { name: 'Reset: 2 breakers' }).getByRole('button', { name: 'Reset' }).click();
  await expect(toast(page)).toContainText('2 breakers of samples: reset.');
  await expect(page.getByRole('region', { name: 'History' })).toContainText('Breaker reset: pool samples, sample-1');
});

test('who leaves the page with the dialog open takes nothing frozen along', async ({ page }) => {
  await open(page, '/');
  await page.getByRole('link', { name: 'Breakers' }).click();
  await choose(page, 'sample-1', 'Hold open');
  await expect(page.getByRole('dialog', { name: 'Hold open: sample-1' })).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(/\/$/);
  const requests = card(page, 'Requests').locator('.card-value');
  await live(page);
  // Figures go on moving: each frame has another count.
  const all = page.locator('.cards');
  const before = await all.innerText();
  await expect(all).not.toHaveText(before, { useInnerText: true });
  await expect(requests).toBeVisible();
});

test.describe('a viewer', () => {
  test.use({ who: 'viewer' });

  test('sees them and is told why nothing can be done', async ({ page }) => {
    await open(page, '/breakers');
    const button = row(page, 'sample-1').getByRole('button', { name: /Change the breaker of sample-1/ });
    await expect(button).toBeDisabled();
    await expect(button).toHaveAttribute('title', /Needs the role system admin/);
  });
});
