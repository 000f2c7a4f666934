// What a person sets for themselves: theme, pause, time range, width of the navigation.

import { card, freshness, live, open } from '../support/screen';
import { expect, test } from '../support/test';

test('the theme is kept, and the server draws it from the first byte', async ({ page }) => {
  await open(page, '/');
  const html = page.locator('html');
  await expect(html).toHaveAttribute('data-theme', 'auto');
  await page.keyboard.press('t');
  await expect(html).toHaveAttribute('data-theme', 'light');
  const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.getByRole('button', { name: /Next theme/ }).click();
  await expect(html).toHaveAttribute('data-theme', 'dark');
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).not.toBe(light);

  await page.reload();
  await expect(html).toHaveAttribute('data-theme', 'dark');
  // Before any script ran: no flash.
  expect(await (await page.request.get('/')).text()).toMatch(/<html[^>]*data-theme="dark"/);
  // A link can be sent in the colours it was seen in.
  await page.goto('/?theme=light');
  await expect(html).toHaveAttribute('data-theme', 'light');
});

test('pausing freezes the screen and says so; resuming shows the newest at once', async ({ page }) => {
  await open(page, '/');
  const inAll = card(page, 'Requests').locator('.card-note');
  await page.getByRole('button', { name: /Pause live data/ }).click();
  await expect(freshness(page)).toHaveText('paused');
  const frozen = await inAll.innerText();

  // The console has gone on for at least three frames meanwhile: another tab has seen them.
  const other = await page.context().newPage();
  await open(other, '/');
  const moving = card(other, 'Requests').locator('.card-note');
  for (let i = 0; i < 3; i += 1) {
    const before = await moving.innerText();
    await expect(moving).not.toHaveText(before);
  }
  await expect(inAll).toHaveText(frozen);

  await page.getByRole('button', { name: /Resume live data/ }).click();
  await expect(inAll).not.toHaveText(frozen);
  await live(page);
});

test('the range stands in the URL, goes along to other pages, and back', async ({ page }) => {
  await open(page, '/');
  const range = page.getByRole('group', { name: 'Time range' });
  await expect(range.locator('[aria-current="true"]')).toHaveText('1h');
  await range.getByRole('link', { name: '5m', exact: true }).click();
  await expect(page).toHaveURL(/range=5m/);
  await expect(range.locator('[aria-current="true"]')).toHaveText('5m');
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Pools' }).click();
  await expect(page).toHaveURL(/\/pools\?range=5m/);
  await page.reload();
  await expect(range.locator('[aria-current="true"]')).toHaveText('5m');
  await page.goBack();
  await expect(page).toHaveURL(/\/\?range=5m/);
  await page.goBack();
  await expect(range.locator('[aria-current="true"]')).toHaveText('1h');
});

test('the navigation is as wide as it was left', async ({ page }) => {
  await open(page, '/');
  const html = page.locator('html');
  const nav = page.getByRole('navigation', { name: 'Pages' });
  const wide = (await nav.boundingBox())?.width ?? 0;
  await page.getByRole('button', { name: 'Make the navigation narrow or wide' }).click();
  await expect(html).toHaveAttribute('data-nav', 'narrow');
  await expect.poll(async () => (await nav.boundingBox())?.width).toBeLessThan(wide);
  await page.reload();
  await expect(html).toHaveAttribute('data-nav', 'narrow');
});

test('every page tells the age of its data', async ({ page }) => {
  for (const path of ['/', '/pools', '/pools/samples', '/events', '/search?q=sample']) {
    await page.goto(path);
    await expect.soft(freshness(page), path).toHaveAttribute('data-status', 'live');
    await expect.soft(page.locator('.no-js-only').filter({ visible: true }), `${path}: what is there for want of scripts`).toHaveCount(0);
  }
});
