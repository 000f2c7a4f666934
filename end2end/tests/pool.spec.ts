// One pool, changed in one browser and watched in another.

import type { Page } from '@playwright/test';
import { changeAlgorithm, command, intent } from '../support/policy';
import { act, cell, confirm, expectState, live, open, row, share, toast } from '../support/screen';
import { expect, test } from '../support/test';

const INSTANCES = ['sample-1', 'sample-2', 'sample-3'];

// Shares are over the last ten seconds: a change needs that long to be seen whole.
const SHARES_WITHIN = { timeout: 30_000 };

const SETTINGS = '/pools/samples?tab=settings';
const facts = (page: Page) => page.locator('.facts');

const choice = (page: Page, id: string) => page.locator(`.choice:has([value="${id}"])`);

async function chooseAlgorithm(page: Page, id: string): Promise<void> {
  await choice(page, id).getByRole('radio').check();
  await page.getByRole('button', { name: 'Change algorithm' }).first().click();
}

test('the instance table tells everything about each instance', async ({ page }) => {
  await open(page, '/pools/samples');
  for (const name of INSTANCES) {
    const line = row(page, name);
    await expectState(line, 'up');
    await expect(line.locator('.badge').first()).toHaveText('up');
    await expect(await cell(page, line, 'Last check')).toHaveText(/^200 in .* ms$/);
    await expect(await cell(page, line, 'p95')).toHaveText(/(ms|s)$/);
    await expect(await cell(page, line, 'CPU')).toHaveText(/%/);
    await expect(await cell(page, line, 'GPU')).toContainText('simulated');
    await expect(await cell(page, line, 'Weight')).toHaveText('1');
    await expect.poll(() => share(page, name), SHARES_WITHIN).toBeGreaterThan(25);
    expect(await share(page, name)).toBeLessThan(42);
    // What can be done to it needs no scrolling sideways on a laptop.
    await expect.soft(line.getByRole('button', { name: `Change ${name}` })).toBeInViewport({ ratio: 1 });
  }
  await page.getByText('What the states mean').click();
  await expect(page.locator('.legend')).toContainText('gets no new requests, finishes those it has');
});

test('the algorithm is switched in one browser and seen in another', async ({ page, another, request }) => {
  await changeAlgorithm(request, 'samples', 'round_robin');
  const watcher = await (await another()).newPage();
  await open(watcher, '/pools/samples');
  await expect(facts(watcher)).toContainText('Round robin');

  await open(page, SETTINGS);
  await expect(choice(page, 'round_robin')).toContainText('in force');
  await chooseAlgorithm(page, 'least_connections');
  const dialog = page.getByRole('dialog', { name: 'Change algorithm: samples' });
  await expect(dialog.getByRole('row', { name: 'algorithm round_robin least_connections' })).toBeVisible();
  // The safe choice has the focus.
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();

  // Looked at with every picture the other browser draws, or the figure would be that of the looking.
  const seen = watcher
    .waitForFunction(() => document.querySelector('.facts')?.textContent?.includes('Least connections'), undefined, { polling: 'raf' })
    .then(() => Date.now());
  const clicked = Date.now();
  await dialog.getByRole('button', { name: 'Change algorithm' }).click();
  await expect(toast(page)).toContainText('algorithm is now least_connections');
  const ms = (await seen) - clicked;
  console.log(`    seen in the other browser after ${ms} ms`);
  expect(ms).toBeLessThan(5_000);
  await expect(facts(page)).toContainText('Least connections');
  await expect(choice(page, 'least_connections')).toContainText('in force');

  await toast(page).getByRole('link', { name: 'See the events' }).click();
  await expect(page.locator('.table tbody tr').first()).toContainText('least_connections');
});

test('undo leads back', async ({ page, request }) => {
  await changeAlgorithm(request, 'samples', 'least_connections');
  await open(page, SETTINGS);
  await chooseAlgorithm(page, 'weighted_round_robin');
  await confirm(page, 'Change algorithm');
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await expect(toast(page)).toContainText('Undone.');
  expect((await intent(request, 'samples')).policy.algorithm).toBe('least_connections');
  await expect(facts(page)).toContainText('Least connections');
});

test('what is so already changes nothing and says so', async ({ page, request }) => {
  const before = await intent(request, 'samples');
  await open(page, SETTINGS);
  await page.getByRole('button', { name: 'Change algorithm' }).click();
  const dialog = page.getByRole('dialog', { name: 'Change algorithm: samples' });
  await expect(dialog).toContainText('Nothing would change.');
  await dialog.getByRole('button', { name: 'Change algorithm' }).click();
  await expect(toast(page)).toContainText('Nothing to do');
  expect(await intent(request, 'samples')).toEqual(before);
});

test('a weight shifts the shares, and back', async ({ page, request }) => {
  await changeAlgorithm(request, 'samples', 'weighted_round_robin');
  await open(page, SETTINGS);
  const weight = page.getByLabel('Weight of sample-1');
  await weight.fill('0');
  await expect(weight).toHaveAttribute('aria-invalid', 'true');
  await expect(page.locator('#weight-error-sample-1')).toContainText('1');
  await weight.fill('8');
  await page.getByRole('button', { name: 'Apply to sample-1' }).click();
  await confirm(page, 'Set weight');

  await open(page, '/pools/samples');
  await expect(await cell(page, row(page, 'sample-1'), 'Weight')).toHaveText('8');
  await expect.poll(() => share(page, 'sample-1'), SHARES_WITHIN).toBeGreaterThan(74);
  await expect.poll(() => share(page, 'sample-2'), SHARES_WITHIN).toBeLessThan(14);

  // Together with another, by ticking both.
  await page.getByRole('checkbox', { name: 'Tick sample-1' }).check();
  await page.getByRole('checkbox', { name: 'Tick sample-2' }).check();
  await expect(page).toHaveURL(/ticked=sample-1,sample-2/);
  await page.reload();
  await live(page);
  const bulk = page.getByRole('group', { name: 'Ticked instances' });
  await expect(bulk).toContainText('2 ticked');
  await bulk.getByLabel('Weight').fill('1');
  await bulk.getByRole('button', { name: 'Set' }).click();
  await confirm(page, 'Set weight');
  await expect(await cell(page, row(page, 'sample-1'), 'Weight')).toHaveText('1');
  await expect.poll(() => share(page, 'sample-1'), SHARES_WITHIN).toBeLessThan(40);
});

test('a drained instance gets nothing, in every browser, until it is ready again', async ({ page, another }) => {
  const watcher = await (await another()).newPage();
  await open(watcher, '/pools/samples');
  await open(page, '/pools/samples');
  await act(page, 'sample-3', 'Drain');
  for (const where of [page, watcher]) {
    await expectState(row(where, 'sample-3'), 'drain');
    await expect(row(where, 'sample-3')).toContainText(/drained: nothing left|left/);
  }
  await expect.poll(() => share(page, 'sample-3'), SHARES_WITHIN).toBe(0);
  await expect(row(page, 'sample-3')).toContainText('drained: nothing left');
  expect(await share(page, 'sample-1')).toBeGreaterThan(40);
  // Nobody was refused meanwhile.
  await expect(facts(page).locator('div').filter({ hasText: 'Without an instance' }).locator('dd')).toHaveText('0');

  await act(page, 'sample-3', 'Make ready');
  for (const where of [page, watcher]) await expectState(row(where, 'sample-3'), 'up');
  await expect.poll(() => share(watcher, 'sample-3'), SHARES_WITHIN).toBeGreaterThan(20);
});

test('the health check form validates as one types, and the server again', async ({ page, request }) => {
  await open(page, SETTINGS);
  const interval = page.locator('input[name="settings[interval_ms]"]');
  await interval.fill('5');
  await expect(interval).toHaveAttribute('aria-invalid', 'true');
  await expect(page.locator('#health-interval_ms-error')).toContainText('between 100 and 600000');
  await interval.fill('2000');
  await expect(page.locator('.preview')).toContainText(['2000 ms']);
  await page.getByRole('button', { name: 'Change health check' }).click();
  await confirm(page, 'Change health check');
  await expect(toast(page)).toContainText('2000 ms');
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await expect(toast(page)).toContainText('Undone.');

  const { version } = await intent(request, 'samples');
  const form = { pool: 'samples', expected_version: String(version), 'settings[path]': '/health', 'settings[interval_ms]': '5' };
  const refused = await command(request, 'change_health_check', form);
  expect(refused.status).toBe(422);
  expect(refused.body).toContain('interval_ms');
});

test('outlier ejection is changed by its form, and fields that contradict one another are told', async ({ page, request }) => {
  await open(page, SETTINGS);
  const group = page.getByRole('region', { name: 'Outlier ejection' });
  await group.getByLabel('Ejected for').fill('400000');
  await expect(group.getByText('is shorter than base_ms')).toBeVisible();
  await group.getByLabel('Ejected for').fill('30000');
  await group.getByLabel('Failures').fill('7');
  await expect(group.getByRole('row', { name: 'ejected after 5 failures 7 failures' })).toBeVisible();
  await group.getByRole('button', { name: 'Change outlier ejection' }).click();
  await confirm(page, 'Change outlier ejection');
  await expect(toast(page)).toContainText('7 failures');
  expect((await intent(request, 'samples')).policy).toMatchObject({ outlier: { failures: 7 } });
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await expect(toast(page)).toContainText('Undone.');
});

test('the traffic tab draws each chart, and a tab has an address', async ({ page }) => {
  await open(page, '/pools/samples');
  await page.getByRole('link', { name: 'Traffic' }).click();
  await expect(page).toHaveURL(/tab=traffic/);
  const charts = page.locator('section.chart');
  await expect(charts).toHaveCount(6);
  for (const chart of await charts.all()) {
    await chart.scrollIntoViewIfNeeded();
    await expect(chart.locator('canvas').first()).toBeVisible();
  }
  // What the server drew is what the browser takes over, whenever it comes: a second that passes in between changes nothing.
  for (let i = 0; i < 6; i += 1) {
    await page.reload();
    await live(page);
  }
  await expect(charts).toHaveCount(6);
  await page.goBack();
  await expect(page.getByRole('checkbox', { name: 'Tick sample-1' })).toBeVisible();
});

test('a pool that does not exist is a 404 that says so', async ({ page, watch }) => {
  watch.expect(/404/);
  const response = await page.goto('/pools/nowhere');
  expect(response?.status()).toBe(404);
  await expect(page.getByText('There is no pool named "nowhere"')).toBeVisible();
});
