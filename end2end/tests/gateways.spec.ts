// Gateways on other hosts: they follow the console, serve without it, and are shown as parts of one balancer.

import path from 'node:path';
import { Gateway } from '../support/gateway';
import { screenshotDir } from '../support/paths';
import { open } from '../support/screen';
import { expect, test } from '../support/test';
import { until } from '../support/until';

const TOKEN = '0123456789abcdef0123456789abcdef';

test('a second gateway joins, takes its share, outlives the console, and goes', async ({ own, watch }) => {
  test.setTimeout(180_000);
  watch.expect(/ERR_|Failed to fetch|NetworkError/);
  const { evenkeel, context } = await own({ env: { EVENKEEL_GATEWAYS__TOKEN: TOKEN } });
  const page = await context.newPage();
  await open(page, '/pools');
  const section = page.getByRole('region', { name: 'Gateways' }).first();
  await expect(section.getByText('evenkeel gateway --control')).toBeVisible();

  const edge = await Gateway.start('edge-1', evenkeel.url, TOKEN);
  try {
    const row = page.getByRole('row').filter({ hasText: 'edge-1' });
    await expect(row).toContainText('in force', { timeout: 30_000 });
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await section.scrollIntoViewIfNeeded();
      await page.screenshot({ path: path.join(screenshotDir, `gateways-dark-${width}.png`), fullPage: true });
    }
    await until('it serves', async () => (await fetch(`${edge.url}/health`)).ok);
    const asked = await fetch(`${edge.url}/health`);
    expect(asked.headers.get('x-served-by')).toMatch(/^sample-/);

    await evenkeel.kill();
    expect((await fetch(`${edge.url}/health`).catch(() => undefined))?.status).toBeDefined();
    await evenkeel.startAgain();
    await open(page, '/pools');
    await expect(row).toContainText('in force', { timeout: 60_000 });

    await edge.stop();
    await expect(row).toHaveCount(0, { timeout: 30_000 });
  } finally {
    await edge.stop();
  }
});
