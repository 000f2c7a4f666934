// Receipts: one request found by its id, with everything that led to the instance it went to.

import { open, live } from '../support/screen';
import { expect, test } from '../support/test';

test('a request that asked for it is found by its id, with its reason, candidates and times', async ({ page, evenkeel }) => {
  const id = `e2e-${Date.now()}`;
  const answer = await page.request.get(`${evenkeel.gateway}/health`, { headers: { 'x-request-id': id, 'x-evenkeel-receipt': '1' } });
  expect(answer.status()).toBe(200);
  const servedBy = answer.headers()['x-served-by'] ?? 'nobody';

  await open(page, '/requests');
  await page.getByLabel('Request id').fill(id);
  await page.getByRole('button', { name: 'Find' }).click();
  await expect(page.getByRole('heading', { level: 1, name: id })).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`id=${id}`));
  const tried = page.getByRole('region', { name: `Try 1: ${servedBy}` });
  await expect(tried).toContainText('answered 200');
  await expect(tried).toContainText(`Decided again from the figures below: ${servedBy}.`);
  await expect(tried.locator('tbody tr')).toHaveCount(3);
  await expect(tried.locator('tr.picked')).toContainText(servedBy);
  const times = page.getByRole('region', { name: 'Where the time went' });
  for (const phase of ['admit and pick', 'connect', 'wait', 'answer']) {
    await expect(times).toContainText(phase);
  }

  // The same from the search box that every page has.
  await page.goto(`/search?q=${id}`);
  await page.getByRole('link', { name: id }).click();
  await expect(tried).toBeVisible();
  await live(page);
});

test('what no receipt was written of is said to be so', async ({ page }) => {
  await open(page, '/requests?id=nobody-has-this-id');
  await expect(page.getByText('No receipt has this id')).toBeVisible();
  await page.getByRole('link', { name: 'Show all requests' }).click();
  await expect(page.getByText('drawn at random')).toBeVisible();
  await page.getByLabel('Show').selectOption('refused, failed or retried');
  await expect(page).toHaveURL(/show=troubled/);
});
