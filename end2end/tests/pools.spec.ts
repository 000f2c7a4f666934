// The list of pools, over backends of one's own: the console with a settings file.

import type { BrowserContext } from '@playwright/test';
import { adminSession } from '../support/accounts';
import { Backend, ask, settings } from '../support/backends';
import { Evenkeel } from '../support/evenkeel';
import { cell, live, names, open, row } from '../support/screen';
import { expect, test } from '../support/test';
import { until } from '../support/until';

let evenkeel: Evenkeel;
let context: BrowserContext;
let backends: Record<'api' | 'batch' | 'web', Backend[]>;

test.describe.configure({ mode: 'serial' });

test.beforeAll(async ({ browser }) => {
  const start = (...names: string[]) => Promise.all(names.map((name) => Backend.start(name)));
  backends = { web: await start('web-1', 'web-2'), api: await start('api-1'), batch: await start('batch-1', 'batch-2', 'batch-3') };
  evenkeel = await Evenkeel.start({ config: settings(backends) });
  context = await browser.newContext({ baseURL: evenkeel.url, storageState: await adminSession(browser, evenkeel) });
});

test.afterAll(async () => {
  await context.close();
  await evenkeel.dispose();
  await Promise.all(Object.values(backends).flat().map((backend) => backend.stop()));
});

test.beforeEach(({ watch }) => watch.listen(context));

test('a settings file replaces the samples, and its pools carry traffic', async () => {
  expect(evenkeel.samples()).toEqual([]);
  expect(await ask(`${evenkeel.gateway}/batch/anything`, 9)).toEqual({ 'batch-1': 3, 'batch-2': 3, 'batch-3': 3 });
  expect(await ask(`${evenkeel.gateway}/nowhere`, 1)).toEqual({ 404: 1 });

  const page = await context.newPage();
  await open(page, '/pools');
  await expect(names(page)).toHaveText(['api', 'batch', 'web']);
  await expect(await cell(page, row(page, 'batch'), 'Up')).toHaveText('3 / 3');
  await page.close();
});

test('sort and filter stand in the URL, survive a reload, and Back works', async () => {
  const page = await context.newPage();
  await open(page, '/pools');
  await page.getByRole('columnheader', { name: 'Up' }).getByRole('link').click();
  await expect(page).toHaveURL(/sort=up/);
  await expect(names(page)).toHaveText(['batch', 'web', 'api']);
  await expect(page.getByRole('columnheader', { name: 'Up' })).toHaveAttribute('aria-sort', 'descending');

  await page.getByRole('columnheader', { name: 'Up' }).getByRole('link').click();
  await expect(names(page)).toHaveText(['api', 'web', 'batch']);
  await page.goBack();
  await expect(names(page)).toHaveText(['batch', 'web', 'api']);

  await page.getByPlaceholder('Filter by name').fill('b');
  await expect(page).toHaveURL(/q=b/);
  await expect(names(page)).toHaveText(['batch', 'web']);
  await expect(page.locator('.filter')).toContainText('2 of 3');

  const kept = page.url();
  await page.reload();
  await live(page);
  expect(page.url()).toBe(kept);
  await expect(names(page)).toHaveText(['batch', 'web']);
  await expect(page.getByPlaceholder('Filter by name')).toHaveValue('b');

  await page.getByRole('link', { name: 'batch' }).click();
  await expect(page).toHaveURL(/\/pools\/batch/);
  await live(page);
  await page.goBack();
  expect(page.url()).toBe(kept);
  await expect(names(page)).toHaveText(['batch', 'web']);

  await page.getByPlaceholder('Filter by name').fill('nothing like it');
  await expect(page.getByText('No pool has that in its name')).toBeVisible();
  await page.close();
});

test('a sick backend turns red without a reload, and is left alone until it is well again', async () => {
  const page = await context.newPage();
  await open(page, '/pools');
  const [sick] = backends.web as [Backend, Backend];
  const state = row(page, 'web').locator('.badge');
  await expect(state).toHaveAttribute('data-state', 'up');

  sick.healthy = false;
  await expect(state).toHaveAttribute('data-state', 'down');
  await expect(await cell(page, row(page, 'web'), 'Up')).toHaveText('1 / 2');
  expect(await ask(`${evenkeel.gateway}/web`, 6)).toEqual({ 'web-2': 6 });

  sick.healthy = true;
  await expect(state).toHaveAttribute('data-state', 'up');
  expect(await ask(`${evenkeel.gateway}/web`, 6)).toEqual({ 'web-1': 3, 'web-2': 3 });
  await page.close();
});

test('errors of a backend are counted where they happen', async () => {
  const [api] = backends.api as [Backend];
  const page = await context.newPage();
  await open(page, '/pools');
  const errors = await cell(page, row(page, 'api'), 'Errors');
  api.status = 500;
  await until('errors are on screen', async () => {
    await ask(`${evenkeel.gateway}/api`, 3);
    return (await errors.innerText()).startsWith('100');
  });
  api.status = 200;
  await page.close();
});

test('a backend that fails its requests is ejected, and the others carry on', async () => {
  const [failing] = backends.web as [Backend, Backend];
  const page = await context.newPage();
  await open(page, '/pools/web');
  failing.status = 500;
  const line = row(page, 'web-1');
  await until('web-1 is ejected', async () => {
    await ask(`${evenkeel.gateway}/web`, 4);
    return (await line.locator('.badge').first().getAttribute('data-state')) === 'ejected';
  });
  expect(await ask(`${evenkeel.gateway}/web`, 6)).toEqual({ 'web-2': 6 });
  failing.status = 200;
  await open(page, '/events?pool=web');
  await expect(page.locator('.table tbody').getByRole('row').filter({ hasText: 'Instance ejected' })).toContainText('web-1');
  await page.close();
});
