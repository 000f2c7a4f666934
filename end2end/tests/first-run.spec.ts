import { ADMIN } from '../support/accounts';
import { Evenkeel, REQUESTS_PER_S } from '../support/evenkeel';
import { card, firstNumber, freshness, live } from '../support/screen';
import { expect, test } from '../support/test';

// A console nobody has an account at yet.
let fresh: Evenkeel;

test.describe.configure({ mode: 'serial' });
test.use({ who: 'nobody' });

test.beforeAll(async () => {
  fresh = await Evenkeel.start();
});

test.afterAll(() => fresh.dispose());

test('a mistake in the first account is named beside its field, and the link still works', async ({ page }) => {
  await page.goto(fresh.setupLink);
  await page.getByLabel('Name').fill(ADMIN.name);
  await page.getByLabel('Password').fill('short');
  await page.getByRole('button', { name: 'Make the account' }).click();
  await expect(page.getByLabel('Password')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.locator('#password-error')).toContainText('10');
});

test('the printed link makes the first admin, and the overview is live', async ({ page }) => {
  await page.goto(fresh.setupLink);
  await expect(page.getByRole('heading', { name: 'Welcome to Evenkeel' })).toBeVisible();
  await page.getByLabel('Name').fill(ADMIN.name);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: 'Make the account' }).click();

  await expect(page).toHaveURL(`${fresh.url}/`);
  await live(page);
  await expect(freshness(page)).toHaveText('live');
  await expect(card(page, 'Instances up').locator('.card-value')).toHaveText('3 / 3');
  await expect(card(page, 'Requests').locator('.card-value')).toHaveText(/^[1-9]/);

  // The first moments are measured like any others: no figure that never was.
  const chart = page.locator('section.chart');
  await chart.getByText('Show as table').click();
  const summary = chart.getByRole('table').first().getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Requests' }) });
  expect(firstNumber(await summary.getByRole('cell').nth(2).innerText())).toBeLessThan(5 * REQUESTS_PER_S);

  // The cookie is out of reach for scripts.
  const cookie = (await page.context().cookies()).find((c) => c.name === 'evenkeel_session');
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
  expect(await page.evaluate(() => document.cookie)).not.toContain('evenkeel_session');
});

test('the link is dead afterwards, and a new start prints none', async ({ page }) => {
  await page.goto(fresh.setupLink);
  await page.getByLabel('Name').fill('mallory');
  await page.getByLabel('Password').fill('a long enough password');
  await page.getByRole('button', { name: 'Make the account' }).click();
  await expect(page).toHaveURL(/\/setup\?/);
  await expect(page.getByRole('alert').filter({ hasText: /\w/ }).first()).toBeVisible();
  expect((await page.context().cookies()).map((c) => c.name)).not.toContain('evenkeel_session');

  await fresh.stop();
  const before = fresh.log.length;
  await fresh.startAgain();
  expect(fresh.log.slice(before)).not.toContain('/setup?token=');
  expect(fresh.log.slice(before)).toContain(fresh.url);
});

test('a console without a token says what it needs', async ({ page }) => {
  await page.goto(`${fresh.url}/setup`);
  await expect(page.getByText('This page needs its one-time link')).toBeVisible();
});
