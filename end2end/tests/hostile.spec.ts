// Text that wants to be markup: shown as the text it is, or refused by name.

import { Evenkeel } from '../support/evenkeel';
import { open } from '../support/screen';
import { expect, test } from '../support/test';

const HOSTILE = [
  '<img src=x onerror="window.hacked=1">',
  '"><script>window.hacked=1</script>',
  "';window.hacked=1//",
  '</script><svg onload=window.hacked=1>',
  '{{7*7}}${window.hacked=1}',
  '\u202egnp.exe',
  '🦀'.repeat(50),
];

const hacked = () => 'hacked' in window;

test('a search for markup finds nothing and shows it as text', async ({ page }) => {
  for (const text of HOSTILE) {
    await page.goto(`/search?q=${encodeURIComponent(text)}`);
    await expect(page.getByRole('heading', { level: 1 })).toContainText(text);
    await expect(page.getByText('Nothing has that in its name')).toBeVisible();
    expect(await page.evaluate(hacked), text).toBe(false);
  }
  await open(page, '/');
  await page.keyboard.press('/');
  await page.keyboard.type(HOSTILE[0] as string);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/search\?q=/);
  await expect(page.getByText('Nothing has that in its name')).toBeVisible();
  expect(await page.evaluate(hacked)).toBe(false);
});

test('in filters, ranges, sorts, tabs and names it is nothing but an odd value', async ({ page, watch }) => {
  test.slow();
  watch.expect(/404/);
  for (const text of HOSTILE) {
    const value = encodeURIComponent(text);
    for (const path of [
      `/?range=${value}&theme=${value}`,
      `/pools?q=${value}&sort=${value}&dir=${value}`,
      `/pools/samples?q=${value}&tab=${value}&ticked=${value}&rows=${value}`,
      `/events?q=${value}&kind=${value}&severity=${value}&pool=${value}&since=${value}&before=${value}`,
      `/pools/${value}`,
    ]) {
      const response = await page.goto(path);
      expect(response?.status(), path).toBeLessThan(500);
      expect(await page.evaluate(hacked), path).toBe(false);
    }
  }
});

test('the sign-in and set-up pages do not repeat what a link says as markup', async ({ another }) => {
  const page = await (await another('nobody')).newPage();
  for (const text of HOSTILE) {
    const value = encodeURIComponent(text);
    await page.goto(`/sign-in?error=${value}&next=${value}&retry=${value}`);
    await expect(page.locator('input[name="next"]')).toHaveValue('/');
    await page.goto(`/setup?token=${value}&error=name&reason=${value}`);
    expect(await page.evaluate(hacked), text).toBe(false);
  }
});

test('a settings file with markup for a name does not start, and is told which', async () => {
  for (const id of ['<b>web</b>', 'a"b', 'Web', 'x'.repeat(64), '../etc']) {
    const config = `[[pools]]\nid = ${JSON.stringify(id)}\n[[pools.instances]]\nid = "one"\naddress = "127.0.0.1:9"\n`;
    const outcome = await Evenkeel.start({ config }).then(
      async (started) => {
        await started.dispose();
        return 'it started';
      },
      (error: Error) => error.message,
    );
    expect(outcome, id).toContain('ended with code 2');
    expect(outcome, id).toContain('pools');
    expect(outcome, id).toContain('evenkeel.toml');
  }
});
