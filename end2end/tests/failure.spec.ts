// A process dies: red, told as an event, left alone by the traffic, and green again by itself.

import { card, expectState, open, row, share } from '../support/screen';
import { expect, test } from '../support/test';
import { until } from '../support/until';

test('a killed sample goes red and returns', async ({ own }) => {
  const { evenkeel, context } = await own();
  const [overview, pool, events] = await Promise.all([context.newPage(), context.newPage(), context.newPage()]);
  await open(overview, '/');
  await open(pool, '/pools/samples');
  await open(events, '/events');
  await expectState(row(pool, 'sample-2'), 'up');

  const victim = evenkeel.sample('sample-2');
  const killed = Date.now();
  process.kill(victim.pid, 'SIGKILL');

  // All at once: it is red for two seconds only.
  await Promise.all([
    expectState(row(pool, 'sample-2'), 'down').then(() => console.log(`    red after ${Date.now() - killed} ms`)),
    expect(row(pool, 'sample-2').locator('.badge').first()).toHaveText('down'),
    expectState(pool.locator('.page-head'), 'down'),
  ]);
  const log = events.locator('.table tbody');
  await expect(log.getByRole('row').filter({ hasText: 'Process exited' })).toContainText('SIGKILL');
  await expect(log.getByRole('row').filter({ hasText: 'Instance down' })).toContainText('sample-2');

  const back = await until('the supervisor starts it again', () => evenkeel.samples().find((s) => s.instance === 'sample-2' && s.pid !== victim.pid), 60_000);
  expect(back.pid).not.toBe(victim.pid);
  await expect(row(pool, 'sample-2').locator('.badge').first()).toHaveAttribute('data-state', 'up', { timeout: 30_000 });
  console.log(`    green after ${Date.now() - killed} ms`);
  await expect(log.getByRole('row').filter({ hasText: 'Instance up' }).filter({ hasText: 'sample-2' }).first()).toBeVisible();
  await expect(card(overview, 'Instances up').locator('.card-value')).toHaveText('3 / 3');
  await expect.poll(() => share(pool, 'sample-2'), { timeout: 30_000 }).toBeGreaterThan(20);
});

test('with all of them gone the overview says so, and where', async ({ own }) => {
  test.setTimeout(240_000);
  const { evenkeel, context } = await own();
  const page = await context.newPage();
  await open(page, '/');
  for (const sample of evenkeel.samples()) process.kill(sample.pid, 'SIGSTOP');
  const stopped = evenkeel.samples();
  try {
    const up = card(page, 'Instances up');
    await expect(up.locator('.card-value')).toHaveText('0 / 3', { timeout: 60_000 });
    await expect(up).toHaveAttribute('data-tone', 'critical');
    const trouble = page.getByRole('region', { name: 'Trouble' });
    await expect(trouble.locator('.badge[data-state="down"]')).toHaveCount(3);
    await trouble.getByRole('link', { name: 'sample-1' }).click();
    await expect(page).toHaveURL(/\/pools\/samples\?q=sample-1/);
    await expectState(row(page, 'sample-1'), 'down');
  } finally {
    for (const sample of stopped) process.kill(sample.pid, 'SIGCONT');
  }
  await page.goto('/');
  // A breaker that opened meanwhile stays open for a minute.
  await expect(card(page, 'Instances up').locator('.card-value')).toHaveText('3 / 3', { timeout: 100_000 });
});
