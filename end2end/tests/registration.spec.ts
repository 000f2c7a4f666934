// Instances that announce themselves: with a token they join a pool, carry traffic, are marked as such, and leave by themselves or are
// sent away.

import { Backend, ask } from '../support/backends';
import { open, row } from '../support/screen';
import { expect, test } from '../support/test';

const TOKEN = '0123456789abcdef0123456789abcdef';
const CONFIG = `[registry]
token = "${TOKEN}"
allow = ["127.0.0.0/8"]

[[pools]]
id = "web"
health.interval_ms = 200
health.slow_start_ms = 0
health.min_healthy = 0
instances = []

[[routes]]
path = "/"
pool = "web"
`;

test('an instance that registers carries traffic, and is sent away from its row', async ({ own }) => {
  const { evenkeel, context } = await own({ config: CONFIG });
  const backend = await Backend.start('web-7');
  try {
    const page = await context.newPage();
    await open(page, '/pools/web');
    await expect(page.getByText('No instances')).toBeVisible();

    const register = (address: string, token = TOKEN) =>
      fetch(`${evenkeel.url}/api/scalability/services/register`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ pool: 'web', id: 'web-7', address, tags: ['canary'] }),
      });
    expect((await register(backend.address, 'wrong')).status).toBe(401);
    expect((await register('169.254.169.254:8080')).status).toBe(422);
    expect((await register(`127.0.0.1:${evenkeel.consolePort}`)).status).toBe(422);
    expect((await register(backend.address)).status).toBe(201);
    expect((await register(backend.address)).status).toBe(200);

    await expect(row(page, 'web-7').locator('.badge').first()).toHaveAttribute('data-state', 'up');
    await expect(row(page, 'web-7')).toContainText('registered');
    expect(await ask(`${evenkeel.gateway}/`, 3)).toEqual({ 'web-7': 3 });

    await row(page, 'web-7').getByRole('button', { name: 'Change web-7' }).click();
    await page.locator('.row-menu:popover-open').getByRole('button', { name: 'Deregister' }).click();
    await page.getByRole('dialog', { name: 'Deregister web-7' }).getByRole('button', { name: 'Deregister' }).click();
    await expect(page.getByText('web-7 was deregistered from web.')).toBeVisible();
    await expect(row(page, 'web-7')).toHaveCount(0);
    expect(await ask(`${evenkeel.gateway}/`, 1)).toEqual({ 503: 1 });

    await open(page, '/events');
    const log = page.locator('.table tbody');
    await expect(log.getByRole('row').filter({ hasText: 'Instance registered' })).toContainText('web-7');
    await expect(log.getByRole('row').filter({ hasText: 'Instance deregistered' })).toContainText('web-7');
  } finally {
    await backend.stop();
  }
});
