// A viewer sees everything and changes nothing, whatever they send.

import { ADMIN, VIEWER } from '../support/accounts';
import { command, intent } from '../support/policy';
import { open, row } from '../support/screen';
import { expect, test } from '../support/test';

test.use({ who: 'viewer' });

const WHY = 'Needs the role system admin; you are viewer.';

test('controls are there, disabled, and say why', async ({ page }) => {
  await open(page, '/pools/samples?tab=settings');
  await expect(page.getByText(`You see the settings but cannot change them. ${WHY}`)).toBeVisible();
  const submit = page.getByRole('button', { name: 'Change algorithm' });
  await expect(submit).toBeDisabled();
  await expect(submit).toHaveAttribute('title', WHY);
  for (const control of await page.locator('main').locator('input:not([type="hidden"]), select').all()) {
    const name = await control.getAttribute('name');
    if (name !== 'q') await expect(control).toBeDisabled();
  }

  for (const tab of ['policy', 'schedule']) {
    await open(page, `/scaling/samples?tab=${tab}`);
    await expect(page.getByText(`You see the settings but cannot change them. ${WHY}`)).toBeVisible();
    for (const control of await page.locator('main').locator('input:not([type="hidden"]), select').all()) await expect(control).toBeDisabled();
    await expect(page.getByRole('button', { name: `Change ${tab}` })).toBeDisabled();
  }
  const byHand = page.getByRole('group', { name: 'Replicas by hand' });
  await expect(byHand).toContainText(WHY);
  for (const name of ['Scale to…', 'Pause…']) await expect(byHand.getByRole('button', { name })).toBeDisabled();

  await open(page, '/pools/samples');
  const action = row(page, 'sample-1').getByRole('button', { name: /Change sample-1/ });
  await expect(action).toBeDisabled();
  await expect(action).toHaveAccessibleName(`Change sample-1. ${WHY}`);
  await page.getByRole('checkbox', { name: 'Tick sample-1' }).check();
  const bulk = page.getByRole('group', { name: 'Ticked instances' });
  await expect(bulk).toContainText(WHY);
  await expect(bulk.getByRole('button', { name: 'Drain' })).toBeDisabled();
});

test('a forged command is refused with 403 and changes nothing', async ({ page, request, watch }) => {
  watch.expect(/403/);
  await open(page, '/pools/samples');
  const before = await intent(request, 'samples');
  const pool = { pool: 'samples', expected_version: String(before.version) };
  const forged: [string, Record<string, string>][] = [
    ['change_algorithm', { ...pool, algorithm: 'least_connections' }],
    ['change_health_check', { ...pool, 'settings[path]': '/' }],
    ['change_breaker', { ...pool, 'settings[failures]': '0' }],
    ['change_retry', { ...pool, 'settings[attempts]': '1' }],
    ['change_affinity', { ...pool, 'settings[kind]': 'cookie' }],
    ['change_limits', { ...pool, 'settings[requests]': '1' }],
    ['hold_breakers', { ...pool, targets: '*', to: 'open' }],
    ['reset_breakers', { pool: 'samples', targets: '*' }],
    ['change_outlier_ejection', { ...pool, 'settings[failures]': '0' }],
    ['change_instances', { ...pool, ids: 'sample-1', admin: 'drain' }],
    ['hold_scaling', { workload: 'samples', expected_version: '1', to: 'pause', minutes: '5' }],
    ['change_schedule', { workload: 'samples', expected_version: '1' }],
    ['change_scaling_policy', { workload: 'samples', expected_version: '1', 'settings[max_replicas]': '9' }],
  ];
  for (const [name, form] of forged) {
    const refused = await command(request, name, form);
    expect(refused.status, name).toBe(403);
    expect(refused.body).toContain('"needed":"system admin"');
  }
  // From their own page, as a person with the developer tools would.
  const status = await page.evaluate(async (version) => {
    const body = new URLSearchParams({ pool: 'samples', expected_version: String(version), algorithm: 'least_connections' });
    return (await fetch('/api/fn/change_algorithm', { method: 'POST', body, headers: { accept: 'application/json' } })).status;
  }, before.version);
  expect(status).toBe(403);
  expect(await intent(request, 'samples')).toEqual(before);
});

test.describe('accounts', () => {
  test('the menu says who is signed in, and as what', async ({ page }) => {
    await open(page, '/');
    await page.locator('summary[aria-label="Account"]').click();
    await expect(page.locator('.menu-head')).toContainText(VIEWER.name);
    await expect(page.locator('.menu-head')).toContainText('viewer');
  });

  test('the command line lists them, and a new password ends the old sessions', async ({ page, evenkeel }) => {
    const list = await evenkeel.run(['user', 'list']);
    expect(list.output).toMatch(new RegExp(`^${ADMIN.name} +system admin$`, 'm'));
    expect(list.output).toMatch(new RegExp(`^${VIEWER.name} +viewer$`, 'm'));

    const added = await evenkeel.run(['user', 'add', 'temp', '--role', 'viewer'], 'a password for a while\n');
    expect(added.code, added.output).toBe(0);
    const context = await page.context().browser()?.newContext({ baseURL: evenkeel.url, storageState: undefined });
    if (!context) throw new Error('no browser');
    const other = await context.newPage();
    await other.goto('/sign-in');
    await other.getByLabel('Name').fill('temp');
    await other.getByLabel('Password').fill('a password for a while');
    await other.getByRole('button', { name: 'Sign in' }).click();
    await expect(other.locator('.freshness.js-only')).toHaveAttribute('data-status', 'live');
    const changed = await evenkeel.run(['user', 'passwd', 'temp'], 'another password for them\n');
    expect(changed.code, changed.output).toBe(0);
    await other.goto('/pools');
    await expect(other).toHaveURL(/\/sign-in/);
    await context.close();
  });

  test('a name that could do harm is refused by name', async ({ evenkeel }) => {
    for (const name of ['<img src=x onerror=alert(1)>', 'a\nb', 'x'.repeat(10_000), '🦀']) {
      const refused = await evenkeel.run(['user', 'add', name, '--role', 'viewer'], 'long enough a password\n');
      expect(refused.code, name.slice(0, 30)).toBe(2);
      expect(refused.output).toContain('name');
    }
  });
});
