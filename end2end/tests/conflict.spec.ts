// Two admins at once: the second is shown both versions, and nothing is applied by itself.

import { changeAlgorithm, intent, setWeight } from '../support/policy';
import { open, toast } from '../support/screen';
import { expect, test } from '../support/test';

test('the second sees both versions and can apply theirs on top', async ({ page, another, request, watch }) => {
  watch.expect(/409/);
  await changeAlgorithm(request, 'samples', 'least_connections');
  await open(page, '/pools/samples?tab=settings');
  await page.getByLabel('Weight of sample-2').fill('5');
  await page.getByRole('button', { name: 'Apply to sample-2' }).click();
  const dialog = page.getByRole('dialog', { name: 'Set weight: sample-2' });
  await expect(dialog.getByRole('row', { name: 'sample-2 weight 1 5' })).toBeVisible();

  // Meanwhile somebody else is faster.
  const other = await another();
  await changeAlgorithm(other.request, 'samples', 'weighted_round_robin');
  const theirs = await intent(request, 'samples');

  await dialog.getByRole('button', { name: 'Set weight' }).click();
  await expect(dialog).toContainText('ada changed this pool while you were at it.');
  const mine = dialog.getByRole('table', { name: 'Your change' });
  await expect(mine.getByRole('columnheader', { name: `In force (version ${theirs.version})` })).toBeVisible();
  await expect(mine.getByRole('row', { name: 'sample-2 weight 1 5' })).toBeVisible();
  // What the other one did is told too: it decides what is to be done about one's own.
  const done = dialog.getByRole('table', { name: 'What ada changed' });
  await expect(done.getByRole('row', { name: 'algorithm least_connections weighted_round_robin' })).toBeVisible();
  // Nothing was applied by itself.
  expect(await intent(request, 'samples')).toEqual(theirs);

  await dialog.getByRole('button', { name: 'Apply mine on top' }).click();
  await expect(toast(page)).toContainText('sample-2 weight is now 5');
  const now = await intent(request, 'samples');
  expect(now.version).toBe(theirs.version + 1);
  // Only the one change: theirs stays.
  expect(now.policy).toMatchObject({ algorithm: 'weighted_round_robin', instances: { 'sample-2': { weight: 5 } } });
  await setWeight(request, 'samples', 'sample-2', 1);
});

test('or take what is in force', async ({ page, another, request, watch }) => {
  watch.expect(/409/);
  await open(page, '/pools/samples?tab=settings');
  await page.getByLabel('Weight of sample-2').fill('9');
  await page.getByRole('button', { name: 'Apply to sample-2' }).click();
  const dialog = page.getByRole('dialog', { name: 'Set weight: sample-2' });
  await expect(dialog.getByRole('button', { name: 'Set weight' })).toBeVisible();
  const other = await another();
  const before = await intent(request, 'samples');
  await changeAlgorithm(other.request, 'samples', before.policy.algorithm === 'round_robin' ? 'least_connections' : 'round_robin');
  const theirs = await intent(request, 'samples');
  await dialog.getByRole('button', { name: 'Set weight' }).click();
  await dialog.getByRole('button', { name: 'Take theirs' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByLabel('Weight of sample-2')).toHaveValue(String(before.policy.instances['sample-2']?.weight ?? 1));
  expect(await intent(request, 'samples')).toEqual(theirs);
});

test('a form that was overtaken says so before it is sent', async ({ page, another, request }) => {
  await open(page, '/pools/samples?tab=settings');
  const other = await another();
  await changeAlgorithm(other.request, 'samples', 'weighted_round_robin');
  const version = await changeAlgorithm(other.request, 'samples', 'least_connections');
  await expect(page.getByText(`Version ${version} is in force; this form was made from version`)).toBeVisible();
  await page.getByRole('button', { name: 'Show what is in force' }).click();
  await expect(page.locator('.settings-note')).toContainText(`Version ${version} is in force`);
  await expect(page.locator('.choice:has(input[value="least_connections"])')).toContainText('in force');
  await changeAlgorithm(request, 'samples', 'round_robin');
});
