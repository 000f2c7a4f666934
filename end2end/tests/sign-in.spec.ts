import type { Page } from '@playwright/test';
import { ADMIN, adminSession, signIn } from '../support/accounts';
import { Evenkeel } from '../support/evenkeel';
import { live, open } from '../support/screen';
import { expect, test } from '../support/test';

// Failed attempts are counted per address: this console has them for itself.
let evenkeel: Evenkeel;

test.describe.configure({ mode: 'serial' });
test.use({ who: 'nobody' });

test.beforeAll(async ({ browser }) => {
  evenkeel = await Evenkeel.start();
  await adminSession(browser, evenkeel);
});

test.afterAll(() => evenkeel.dispose());

const said = (page: Page) => page.locator('#sign-in-said');

test('a wrong password and an unknown name are told apart by nobody', async ({ page }) => {
  await page.goto(`${evenkeel.url}/sign-in`);
  await signIn(page, { ...ADMIN, password: 'not this one at all' });
  await expect(said(page)).toContainText('Name or password is wrong.');
  const wrong = { url: page.url(), text: await said(page).innerText() };
  await signIn(page, { ...ADMIN, name: 'nobody-at-all' });
  await expect(said(page)).toContainText('Name or password is wrong.');
  expect({ url: page.url(), text: await said(page).innerText() }).toEqual(wrong);
  // The name is not echoed into the address, and the way on is not lost.
  expect(page.url()).not.toContain('nobody');
});

test('a signed-out visitor is led to sign in and then to where they wanted to go', async ({ page }) => {
  await page.goto(`${evenkeel.url}/pools?sort=errors&dir=desc`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await signIn(page, ADMIN);
  await expect(page).toHaveURL(`${evenkeel.url}/pools?sort=errors&dir=desc`);
  await live(page);
});

test('the way back never leads to another site', async ({ page }) => {
  for (const evil of ['https://evil.example/', '//evil.example/', '/\\evil.example/']) {
    await page.goto(`${evenkeel.url}/sign-in?next=${encodeURIComponent(evil)}`);
    await signIn(page, ADMIN);
    await expect(page).toHaveURL(`${evenkeel.url}/`);
    await page.goto('about:blank');
    await page.context().clearCookies();
  }
});

test('signing out ends the session, here and in the other tab', async ({ page, watch }) => {
  watch.expect(/401/);
  await page.goto(`${evenkeel.url}/sign-in`);
  await signIn(page, ADMIN);
  await live(page);
  const cookies = await page.context().cookies();
  const other = await page.context().newPage();
  await open(other, `${evenkeel.url}/events`);

  await page.locator('summary[aria-label="Account"]').click();
  await expect(page.locator('.menu-head')).toContainText(ADMIN.name);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/sign-in/);

  // The other tab had a stream open: it says so instead of growing stale for ever.
  await expect(other.locator('.freshness.js-only')).toHaveAttribute('data-status', 'signed-out');
  // And a copied cookie is worth nothing any more.
  await page.context().addCookies(cookies);
  await page.goto(`${evenkeel.url}/pools`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
});

test('guessing is slowed down, with the time to wait', async ({ page }) => {
  await page.goto(`${evenkeel.url}/sign-in`);
  // Whatever the limit is, a person at a keyboard does not reach thirty.
  for (let attempt = 0; attempt < 30 && !page.url().includes('error=throttled'); attempt += 1) {
    await signIn(page, { ...ADMIN, password: `guess number ${attempt}` });
    await expect(said(page)).toContainText(/wrong|Too many/);
  }
  await expect(said(page)).toContainText(/Too many attempts\. Try again in \d+ s/);
});
