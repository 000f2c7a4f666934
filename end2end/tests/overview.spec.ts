import { ADMIN } from '../support/accounts';
import { changeAlgorithm } from '../support/policy';
import { card, firstNumber, live, open } from '../support/screen';
import { expect, test } from '../support/test';

test('the numbers move', async ({ page }) => {
  await open(page, '/');
  const inAll = card(page, 'Requests').locator('.card-note');
  const before = firstNumber(await inAll.innerText());
  expect(before).toBeGreaterThan(0);
  await expect(async () => expect(firstNumber(await inAll.innerText())).toBeGreaterThan(before)).toPass();
  await expect(card(page, 'Requests').locator('.card-value')).toHaveText(/^[1-9][\d.]* \/s$/);
  await expect(card(page, 'Latency p95').locator('.card-value')).toHaveText(/ms|s/);
  await expect(card(page, 'Instances up').locator('.card-value')).toHaveText('3 / 3');
});

test('one stream, one frame a second, numbered without a gap', async ({ page }) => {
  await page.addInitScript(() => {
    const ids: string[] = [];
    const streams: string[] = [];
    Object.assign(window, { ids, streams });
    window.EventSource = class extends EventSource {
      constructor(url: string | URL, init?: EventSourceInit) {
        super(url, init);
        streams.push(String(url));
        this.addEventListener('message', (event) => ids.push(event.lastEventId));
      }
    };
  });
  await open(page, '/');
  const ids = () => page.evaluate(() => (window as unknown as { ids: string[] }).ids);
  await expect.poll(async () => (await ids()).length).toBeGreaterThanOrEqual(5);
  const seen = (await ids()).map((id) => Number(id.split('-')[1]));
  const steps = seen.slice(1).map((seq, i) => seq - (seen[i] ?? 0));
  expect(steps.every((step) => step === 1), `sequence ${seen.join(', ')}`).toBe(true);
  expect(await page.evaluate(() => (window as unknown as { streams: string[] }).streams)).toHaveLength(1);
});

test('the chart is drawn, and its values can be read as a table', async ({ page }) => {
  await open(page, '/');
  const chart = page.locator('section.chart');
  await expect(chart.locator('canvas').first()).toBeVisible();
  // Something stands on the canvas, not only a canvas on the page.
  await expect
    .poll(() =>
      chart.locator('canvas').first().evaluate((element) => {
        const canvas = element as HTMLCanvasElement;
        const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
        const colours = new Set<number>();
        for (let i = 0; i + 3 < pixels.length; i += 4) {
          if (pixels[i + 3]) colours.add(((pixels[i] ?? 0) << 16) | ((pixels[i + 1] ?? 0) << 8) | (pixels[i + 2] ?? 0));
        }
        return colours.size;
      }),
    )
    .toBeGreaterThan(3);

  await chart.getByText('Show as table').click();
  const values = chart.locator('table').last();
  await expect(values.locator('tbody tr').first()).toBeVisible();
  await expect(values).toContainText('/s');
  const newest = values.locator('tbody tr').first();
  const before = await newest.innerText();
  await expect(newest).not.toHaveText(before);
});

test('a series is hidden and shown by its key, and the values can be taken along', async ({ page }) => {
  await open(page, '/');
  const chart = page.locator('section.chart');
  const key = chart.getByRole('button', { name: /^Errors/ });
  await expect(key).toHaveAttribute('aria-pressed', 'true');
  await key.click();
  await expect(key).toHaveAttribute('aria-pressed', 'false');

  const save = chart.getByRole('button', { name: 'Download CSV' });
  await expect(save).toBeEnabled();
  const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
  expect(download.suggestedFilename()).toMatch(/^traffic-.*\.csv$/);
  const lines = (await (await download.createReadStream()).toArray()).join('').trim().split(/\r?\n/);
  expect(lines[0]).toContain('requests_per_s');
  expect(lines.length).toBeGreaterThan(2);
});

test('sources, pools, trouble and the last events say where everything comes from', async ({ page, request }) => {
  await changeAlgorithm(request, 'samples', 'least_connections');
  const version = await changeAlgorithm(request, 'samples', 'round_robin');
  await open(page, '/');
  const sources = page.getByRole('region', { name: 'Sources' });
  await expect(sources.locator('.source').first()).toHaveAttribute('data-source', 'up');
  await expect(page.getByText('Everything is all right: 3 of 3 instances are up.')).toBeVisible();
  const events = page.getByRole('region', { name: 'Last events' });
  await expect(events).toContainText(`version ${version}, changed by ${ADMIN.name}`);
  await page.getByRole('region', { name: 'Pools' }).getByRole('link', { name: 'samples' }).click();
  await expect(page).toHaveURL(/\/pools\/samples/);
  await live(page);
});
