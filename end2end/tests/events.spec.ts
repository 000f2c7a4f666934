import { changeAlgorithm, policyVersion } from '../support/policy';
import { open } from '../support/screen';
import { expect, test } from '../support/test';

const rows = '.table tbody tr';

test('filters stand in the URL, survive a reload, and can be cleared', async ({ page }) => {
  await open(page, '/events');
  await expect(page.locator(rows).first()).toBeVisible();
  await page.getByLabel('Kind').selectOption({ label: 'Console started' });
  await expect(page).toHaveURL(/kind=console\.started/);
  await expect(page.locator(rows)).toHaveCount(1);
  await expect(page.locator(rows)).toContainText('Console started');

  await page.reload();
  await expect(page.getByLabel('Kind')).toHaveValue('console.started');
  await expect(page.locator(rows)).toHaveCount(1);

  await page.getByLabel('Text').fill('no such words anywhere');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page).toHaveURL(/q=no/);
  await expect(page.getByText('No event passes these filters')).toBeVisible();

  await page.goBack();
  await expect(page.locator(rows)).toHaveCount(1);
  await page.getByRole('link', { name: 'Clear' }).click();
  await expect(page).toHaveURL(/\/events$/);
  await expect(page.locator(rows).nth(1)).toBeVisible();
});

test('severity means this or worse, and a pool only its own', async ({ page }) => {
  await open(page, '/events?severity=critical');
  await expect(page.locator('.badge[data-severity="info"]')).toHaveCount(0);
  await open(page, '/events?pool=samples');
  await expect(page.locator(rows).first()).toBeVisible();
  for (const place of await page.locator(`${rows} td:nth-child(4)`).allInnerTexts()) expect(place).toContain('samples');
});

test('a change made elsewhere appears on top by itself', async ({ page, request }) => {
  await open(page, '/events?kind=policy.applied');
  const before = await page.locator(rows).count();
  const version = await changeAlgorithm(request, 'samples', 'least_connections');
  await expect(page.locator(rows)).toHaveCount(before + 1);
  await expect(page.locator(rows).first()).toContainText('least_connections');
  await changeAlgorithm(request, 'samples', 'round_robin');
  await expect(page.locator(rows)).toHaveCount(before + 2);
  expect(await policyVersion(request, 'samples')).toBe(version + 1);
});

test('older events are a page away, and every event is on exactly one page', async ({ own }) => {
  const { context } = await own({ env: { EVENKEEL_TRAFFIC__RATE: '0' } });
  for (let i = 0; i < 28; i += 1) {
    await changeAlgorithm(context.request, 'samples', 'least_connections');
    await changeAlgorithm(context.request, 'samples', 'round_robin');
  }
  const page = await context.newPage();
  await page.goto('/events');
  await expect(page.locator(rows)).toHaveCount(50);
  const ids = () => page.locator(rows).evaluateAll((all) => all.map((row) => Number(row.id.replace('event-', ''))));
  const first = await ids();
  await page.getByRole('link', { name: 'Older' }).click();
  await expect(page).toHaveURL(/before=\d+/);
  await expect.poll(async () => (await ids())[0]).toBeLessThan(Math.min(...first));
  const second = await ids();
  expect(new Set([...first, ...second]).size).toBe(first.length + second.length);
  expect(first.length + second.length).toBeGreaterThanOrEqual(56);
  await page.goBack();
  await expect.poll(ids).toEqual(first);
});
