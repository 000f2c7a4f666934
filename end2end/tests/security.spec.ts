// Attacks that need a browser or a forged request. What is refused must also have changed nothing.

import { command, intent, policyVersion } from '../support/policy';
import { open } from '../support/screen';
import { expect, test } from '../support/test';

const PAGES = ['/', '/pools', '/pools/samples', '/pools/samples?tab=traffic', '/pools/samples?tab=settings', '/events', '/search?q=sample'];

test('every page has a policy with a nonce of its own, and breaks none of its rules', async ({ page }) => {
  const nonces = new Set<string>();
  for (const path of PAGES) {
    const response = await page.goto(path);
    const headers = response?.headers() ?? {};
    const policy = headers['content-security-policy'] ?? '';
    expect(policy, path).toContain("frame-ancestors 'none'");
    expect(policy, path).not.toContain('unsafe-inline');
    expect(policy, path).not.toMatch(/'unsafe-eval'/);
    nonces.add(/'nonce-([^']+)'/.exec(policy)?.[1] ?? '');
    expect(headers, path).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    await expect(page.locator('.freshness.js-only')).toHaveAttribute('data-status', /live|connecting/);
  }
  // What the browser would have complained about is checked after each test.
  expect(nonces.has('')).toBe(false);
  expect(nonces.size).toBe(PAGES.length);
});

test('a script that somebody smuggled in does not run', async ({ page, watch }) => {
  watch.expect(/Content Security Policy|Executing inline script/);
  await open(page, '/');
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.smuggled = true';
    document.body.append(script);
    const image = document.createElement('img');
    image.setAttribute('onerror', 'window.smuggled = true');
    image.src = 'data:image/png;base64,nothing';
    document.body.append(image);
  });
  await expect(async () => expect(await page.evaluate(() => document.images.length)).toBeGreaterThan(0)).toPass();
  expect(await page.evaluate(() => 'smuggled' in window)).toBe(false);
});

test('a page of another site can neither change nor read anything', async ({ page, request, evenkeel, watch }) => {
  watch.expect(/403|421|CORS|blocked|Failed to load|Content Security|chrome-error|X-Frame-Options|frame-ancestors/i);
  const before = await intent(request, 'samples');
  const form = { pool: 'samples', expected_version: String(before.version), algorithm: 'least_connections' };

  // Headers as a browser would send them from elsewhere.
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site', origin: evenkeel.url },
    { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' },
    {},
  ]) {
    const refused = await command(request, 'change_algorithm', form, headers as Record<string, string>);
    expect(refused.status, JSON.stringify(headers)).toBe(403);
  }
  for (const path of ['/sign-out', '/sign-in', '/setup']) {
    const refused = await request.post(path, { headers: { origin: 'https://evil.example' }, form: {}, maxRedirects: 0 });
    expect(refused.status(), path).toBe(403);
  }
  // And a real page of another origin, in the same browser, with the admin's cookie.
  await page.route('http://evil.example/', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<form method="post" action="${evenkeel.url}/api/fn/change_algorithm">
               ${Object.entries(form).map(([k, v]) => `<input name="${k}" value="${v}">`).join('')}<button>win a boat</button></form>`,
    }),
  );
  await page.goto('http://evil.example/');
  const [answer] = await Promise.all([
    page.waitForResponse((r) => r.url().includes('/api/fn/change_algorithm')),
    page.getByRole('button', { name: 'win a boat' }).click(),
  ]);
  expect(answer.status()).toBe(403);

  expect(await intent(request, 'samples')).toEqual(before);
});

test('nothing changes by GET', async ({ request }) => {
  const before = await policyVersion(request, 'samples');
  const query = new URLSearchParams({ pool: 'samples', expected_version: String(before), algorithm: 'least_connections' });
  const answer = await request.get(`/api/fn/change_algorithm?${query}`, { headers: { 'sec-fetch-site': 'same-origin' } });
  expect([404, 405]).toContain(answer.status());
  expect(await policyVersion(request, 'samples')).toBe(before);
});

test('the console does not stand in a frame', async ({ page, evenkeel, watch }) => {
  watch.expect(/frame|Content Security|X-Frame-Options|chrome-error/i);
  await page.route('http://evil.example/', (route) =>
    route.fulfill({ contentType: 'text/html', body: `<iframe src="${evenkeel.url}/sign-in" width="600" height="400"></iframe>` }),
  );
  await page.goto('http://evil.example/');
  const frame = page.frames().find((f) => f !== page.mainFrame());
  await expect.poll(() => frame?.url()).toMatch(/chrome-error/);
});

test('another host name that leads here is not answered', async ({ request, evenkeel }) => {
  const rebound = await request.get(`${evenkeel.url}/`, { headers: { host: 'evil.example' }, maxRedirects: 0 });
  expect(rebound.status()).toBe(421);
});

test('who is signed out gets no data by any door', async ({ another }) => {
  const context = await another('nobody');
  for (const path of ['/api/live?view=overview', '/api/fn/view?key=overview', '/api/fn/intent?pool=samples', '/api/fn/events?limit=1', '/api/fn/search?text=s']) {
    const response = await context.request.get(path, { headers: { accept: 'application/json' }, maxRedirects: 0 });
    expect(response.status(), path).toBe(401);
    expect(await response.text(), path).not.toContain('samples');
  }
  const change = await command(context.request, 'change_algorithm', { pool: 'samples', expected_version: '1', algorithm: 'round_robin' });
  expect(change.status).toBe(401);
});
