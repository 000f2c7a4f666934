// Scripts off: everything can be read with real numbers, and what can be changed can be changed by plain forms.

import { VIEWER, signIn } from '../support/accounts';
import { changeAlgorithm, intent } from '../support/policy';
import { card, cell, firstNumber, names, row } from '../support/screen';
import { expect, test } from '../support/test';

test.use({ javaScriptEnabled: false });

test('overview, pools, pool and events are whole', async ({ page }) => {
  await page.goto('/');
  expect(firstNumber(await card(page, 'Requests').locator('.card-note').innerText())).toBeGreaterThan(0);
  await expect(card(page, 'Instances up').locator('.card-value')).toHaveText('3 / 3');
  await expect(page.getByText('as of page load')).toBeVisible();
  await expect(page.locator('.js-only').filter({ visible: true })).toHaveCount(0);
  await page.locator('section.chart summary').click();
  await expect(page.locator('section.chart table').last().locator('tbody tr').first()).toContainText('/s');

  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Pools' }).click();
  await expect(names(page)).toHaveText(['samples']);
  await page.getByRole('columnheader', { name: 'Errors' }).getByRole('link').click();
  await expect(page).toHaveURL(/sort=errors/);
  await page.getByPlaceholder('Filter by name').fill('nothing');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page.getByText('No pool has that in its name')).toBeVisible();

  await page.goto('/pools/samples');
  await expect(row(page, 'sample-1').locator('.badge').first()).toHaveText('up');
  await expect(await cell(page, row(page, 'sample-1'), 'Requests')).toHaveText(/\/s$/);

  await page.goto('/events');
  await expect(page.locator('.table tbody')).toContainText('Console started');
  await page.getByLabel('Kind').selectOption('user.created');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page).toHaveURL(/kind=user\.created/);
  await expect(page.locator('.table tbody')).not.toContainText('Console started');

  await page.getByLabel('Search pools, instances, pages').fill('sample-2');
  await page.getByLabel('Search pools, instances, pages').press('Enter');
  await expect(page).toHaveURL(/\/search\?q=sample-2/);
  await expect(page.getByRole('link', { name: 'sample-2' })).toBeVisible();
});

test('the algorithm is changed by a plain form', async ({ page, request }) => {
  const before = await intent(request, 'samples');
  const [id, label] = before.policy.algorithm === 'least_connections' ? ['round_robin', 'Round robin'] : ['least_connections', 'Least connections'];
  await page.goto('/pools/samples?tab=settings');
  await page.locator(`input[name="algorithm"][value="${id}"]`).check();
  await page.getByRole('button', { name: 'Change algorithm' }).click();
  await expect(page).toHaveURL(/\/pools\/samples/);
  await expect(page.locator('.facts')).toContainText(label);
  expect(await intent(request, 'samples')).toMatchObject({ version: before.version + 1, policy: { algorithm: id } });
  await changeAlgorithm(request, 'samples', before.policy.algorithm);
});

test('the scaling of the samples is read, and its policy changed by a plain form', async ({ page }) => {
  await page.goto('/scaling');
  await expect(row(page, 'samples')).toContainText('supervisor/samples');
  await page.getByRole('link', { name: 'samples' }).click();
  await expect(page.getByRole('region', { name: 'Why?' })).toContainText('Asked for');
  await page.getByRole('navigation', { name: 'Parts of the workload' }).getByRole('link', { name: 'Policy' }).click();
  const policy = page.getByRole('region', { name: 'Policy' });
  // The style sheet shows the fields of the rule that is chosen.
  await expect(policy.getByRole('group', { name: 'Targets' })).toBeVisible();
  await expect(policy.getByRole('group', { name: 'Signals', exact: true })).toBeHidden();
  await policy.locator('input[value="threshold"]').check();
  await expect(policy.getByRole('group', { name: 'Targets' })).toBeHidden();
  await expect(policy.getByRole('group', { name: 'Signals', exact: true })).toBeVisible();
  await policy.locator('input[value="hpa"]').check();

  await policy.getByLabel('At least').first().fill('9');
  await policy.getByRole('button', { name: 'Change policy' }).click();
  await expect(page.getByText('min_replicas: 9 is not between 0 and 3, which is max_replicas')).toBeVisible();
  await page.goto('/scaling/samples?tab=policy');
  const age = policy.getByLabel('Oldest figure that counts');
  const before = await age.inputValue();
  await age.fill('120');
  await policy.getByRole('button', { name: 'Change policy' }).click();
  await expect(page.getByRole('region', { name: 'In force' })).toContainText('120 s');
  await age.fill(before);
  await policy.getByRole('button', { name: 'Change policy' }).click();
  await expect(page.getByRole('region', { name: 'In force' })).not.toContainText('120 s');
});

test('an instance is drained by a plain form, and a mistake is told on the page', async ({ page, request }) => {
  await page.goto('/pools/samples?tab=settings');
  await page.getByLabel('State of sample-3').selectOption('drain');
  await page.getByRole('button', { name: 'Apply to sample-3' }).click();
  await expect(page).toHaveURL(/\/pools\/samples/);
  expect(await intent(request, 'samples')).toMatchObject({ policy: { instances: { 'sample-3': { admin: 'drain' } } } });

  await page.goto('/pools/samples?tab=settings');
  await page.getByLabel('State of sample-3').selectOption('ready');
  await page.getByLabel('Weight of sample-3').fill('999');
  await page.getByRole('button', { name: 'Apply to sample-3' }).click();
  await expect(page.getByText('Not changed')).toBeVisible();
  await expect(page.locator('main')).toContainText('999 is not between 1 and 256');

  await page.getByLabel('State of sample-3').selectOption('ready');
  await page.getByLabel('Weight of sample-3').fill('1');
  await page.getByRole('button', { name: 'Apply to sample-3' }).click();
  await expect.poll(async () => (await intent(request, 'samples')).policy).toMatchObject({ instances: { 'sample-3': { admin: 'ready' } } });
});

test('a group of settings is changed by a plain form, and a mistake names its field', async ({ page, request }) => {
  await page.goto('/pools/samples?tab=settings');
  const before = await intent(request, 'samples');
  const retries = page.getByRole('region', { name: 'Retries', exact: true });
  await retries.getByLabel('Attempts').fill('4');
  await retries.getByRole('button', { name: 'Change retries' }).click();
  await expect(page).toHaveURL(/\/pools\/samples/);
  expect((await intent(request, 'samples')).policy).toMatchObject({ retry: { attempts: 4 } });

  await page.goto('/pools/samples?tab=settings');
  await retries.getByLabel('Attempts').fill('9');
  await retries.getByRole('button', { name: 'Change retries' }).click();
  await expect(page.locator('main')).toContainText('attempts: 9 is not between 1 and 5');

  await page.goto('/pools/samples?tab=settings');
  await retries.getByLabel('Attempts').fill('3');
  await retries.getByRole('button', { name: 'Change retries' }).click();
  expect((await intent(request, 'samples')).policy).toMatchObject({ retry: before.policy.retry as object });
});

test('a form that was overtaken is refused and shown', async ({ page, request }) => {
  await page.goto('/pools/samples?tab=settings');
  const before = await intent(request, 'samples');
  const other = before.policy.algorithm === 'least_connections' ? 'round_robin' : 'least_connections';
  await changeAlgorithm(request, 'samples', other);
  await page.locator('input[name="algorithm"][value="weighted_round_robin"]').check();
  await page.getByRole('button', { name: 'Change algorithm' }).click();
  await expect(page.getByText('Not changed')).toBeVisible();
  expect((await intent(request, 'samples')).policy.algorithm).toBe(other);
  await changeAlgorithm(request, 'samples', 'round_robin');
});

test.describe('signed out', () => {
  test.use({ who: 'nobody' });

  test('signing in works', async ({ page }) => {
    await page.goto('/pools');
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    await signIn(page, VIEWER);
    await expect(page).toHaveURL(/\/pools$/);
    await expect(names(page)).toHaveText(['samples']);
  });
});
