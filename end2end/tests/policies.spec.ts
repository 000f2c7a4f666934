// What else a pool can be told: limits, retries, breakers, affinity.

import type { Page } from '@playwright/test';
import { intent } from '../support/policy';
import { act, confirm, expectState, open, row, toast } from '../support/screen';
import { expect, test } from '../support/test';

const SETTINGS = '/pools/samples?tab=settings';

const group = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

async function undo(page: Page): Promise<void> {
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await expect(toast(page)).toContainText('Undone.');
}

test('a preset fills the fields and says what would change', async ({ page, request }) => {
  await open(page, SETTINGS);
  const limits = group(page, 'Limits');
  await limits.getByRole('button', { name: 'Pages' }).click();
  await expect(limits.getByRole('spinbutton', { name: 'Requests per client' })).toHaveValue('1000');
  await expect(limits.getByLabel('Period')).toHaveValue('60');
  await expect(limits.getByRole('row', { name: 'requests per client off 1000' })).toBeVisible();
  await limits.getByRole('button', { name: 'Change limits' }).click();
  await confirm(page, 'Change limits');
  await expect(toast(page)).toContainText('settings changed');
  expect((await intent(request, 'samples')).policy).toMatchObject({ limits: { requests: 1000, period_s: 60, burst: 100 } });
  await undo(page);
  expect((await intent(request, 'samples')).policy).toMatchObject({ limits: { requests: 0 } });
});

test('retries and breakers have forms that refuse what cannot be', async ({ page, request }) => {
  await open(page, SETTINGS);
  const retries = group(page, 'Retries');
  await retries.getByLabel('Attempts').fill('9');
  await expect(retries.getByText('9 is not between 1 and 5')).toBeVisible();
  await retries.getByLabel('Attempts').fill('2');
  await retries.getByRole('button', { name: 'Change retries' }).click();
  await confirm(page, 'Change retries');
  await expect(toast(page)).toContainText('attempts is now 2');
  expect((await intent(request, 'samples')).policy).toMatchObject({ retry: { attempts: 2 } });
  await undo(page);

  await open(page, SETTINGS);
  const breakers = group(page, 'Circuit breakers');
  await breakers.getByLabel('Stays open').fill('30000');
  await breakers.getByRole('button', { name: 'Change breakers' }).click();
  await confirm(page, 'Change breakers');
  await expect(toast(page)).toContainText('breaker stays open is now 30000 ms');
  await undo(page);
});

test('a client that is pinned by its cookie is shown, and who drains its instance is told', async ({ page, evenkeel, playwright }) => {
  await open(page, SETTINGS);
  const affinity = group(page, 'Affinity');
  await affinity.getByLabel('Known by').selectOption('cookie');
  await affinity.getByRole('button', { name: 'Change affinity' }).click();
  await confirm(page, 'Change affinity');
  await expect(toast(page)).toContainText('affinity is now cookie');

  const client = await playwright.request.newContext();
  const served = async () => (await client.get(`${evenkeel.gateway}/health`)).headers()['x-served-by'] ?? '';
  // The balancer follows within a second; then the answer brings the cookie.
  await expect.poll(async () => (await client.get(`${evenkeel.gateway}/health`)).headers()['set-cookie'] ?? '').toContain('EVENKEEL_SESSION=');
  const home = await served();
  for (let i = 0; i < 5; i += 1) expect(await served()).toBe(home);

  await open(page, '/pools/samples?tab=affinity');
  const pinned = page.getByRole('region', { name: 'Pinned clients' }).first();
  await expect(row(page, home).first()).toContainText(/client/);
  await expect(pinned).toContainText('If it leaves');
  await expect(page.getByRole('region', { name: 'Who is pinned where' }).first()).toContainText('session ');

  await open(page, '/pools/samples');
  await row(page, home).getByRole('button', { name: `Change ${home}` }).click();
  await page.getByRole('button', { name: 'Drain', exact: true }).filter({ visible: true }).click();
  const dialog = page.getByRole('dialog', { name: `Drain: ${home}` });
  await expect(dialog).toContainText('By affinity');
  await dialog.getByRole('button', { name: 'Drain', exact: true }).click();
  await expectState(row(page, home), 'drain');
  expect(await served()).not.toBe(home);
  await act(page, home, 'Make ready');

  await open(page, SETTINGS);
  await group(page, 'Affinity').getByLabel('Known by').selectOption('none');
  await group(page, 'Affinity').getByRole('button', { name: 'Change affinity' }).click();
  await confirm(page, 'Change affinity');
  await expect(toast(page)).toContainText('affinity is now none');
  await client.dispose();
});

test('nobody drains the pool below what it keeps', async ({ page, request, watch }) => {
  watch.expect(/422/);
  await open(page, '/pools/samples?ticked=sample-1,sample-2');
  await page.getByRole('group', { name: 'Ticked instances' }).getByRole('button', { name: 'Drain' }).click();
  const dialog = page.getByRole('dialog', { name: 'Drain: 2 instances of samples' });
  await dialog.getByRole('button', { name: 'Drain', exact: true }).click();
  await expect(dialog).toContainText('only 1 of 3 would be left in service and the pool keeps at least 2');
  await dialog.getByRole('button', { name: 'Close' }).click();
  expect((await intent(request, 'samples')).policy.instances['sample-1']?.admin ?? 'ready').toBe('ready');
});

test('the health tab tells what the checks find', async ({ page }) => {
  await open(page, '/pools/samples?tab=health');
  for (const name of ['sample-1', 'sample-2', 'sample-3']) {
    const line = row(page, name);
    await expect(line).toContainText('200');
    await expect(line).toContainText(/ms/);
    await expect(line.locator('.badge').nth(1)).toHaveText('closed');
  }
  await expect(page.getByText('GET /health every 1000 ms')).toBeVisible();
});
