// Commands by their address, for tests whose subject is something else than the form.

import { type APIRequestContext, expect } from '@playwright/test';
import { until } from './until';

interface Intent {
  version: number;
  policy: { algorithm: string; instances: Record<string, { weight: number; admin: string; breaker: { hold: string } }> } & Record<string, unknown>;
}

export async function intent(request: APIRequestContext, pool: string): Promise<Intent> {
  const response = await request.get(`/api/fn/intent?pool=${pool}`);
  expect(response.status(), await response.text()).toBe(200);
  return (await response.json()) as Intent;
}

export async function policyVersion(request: APIRequestContext, pool: string): Promise<number> {
  return (await intent(request, pool)).version;
}

/// As the page's script sends it. Returns the version in force once the event says that the balancer follows it.
export async function changeAlgorithm(request: APIRequestContext, pool: string, algorithm: string): Promise<number> {
  const before = await newestEvent(request);
  const { version: expected_version } = await intent(request, pool);
  const response = await command(request, 'change_algorithm', { pool, expected_version: String(expected_version), algorithm });
  expect(response.status, response.body).toBe(200);
  const changed = JSON.parse(response.body) as { outcome: 'done' | 'nothing'; version: number };
  if (changed.outcome === 'done') {
    await until(`${pool} has changed to ${algorithm}`, async () => (await newestEvent(request)) > before);
  }
  return changed.version;
}

export async function setWeight(request: APIRequestContext, pool: string, id: string, weight: number): Promise<void> {
  const { version } = await intent(request, pool);
  const response = await command(request, 'change_instances', { pool, expected_version: String(version), ids: id, weight: String(weight) });
  expect(response.status, response.body).toBe(200);
}

async function newestEvent(request: APIRequestContext): Promise<number> {
  const response = await request.get('/api/fn/events?limit=1');
  expect(response.status(), await response.text()).toBe(200);
  return ((await response.json()) as { items: { id: number }[] }).items[0]?.id ?? 0;
}

/// Any server function, with the headers that one of our own pages sends; `headers` may say otherwise.
export async function command(
  request: APIRequestContext,
  name: string,
  form: Record<string, string>,
  headers: Record<string, string> = { 'sec-fetch-site': 'same-origin' },
): Promise<{ status: number; body: string }> {
  const response = await request.post(`/api/fn/${name}`, { form, headers: { accept: 'application/json', ...headers }, maxRedirects: 0 });
  return { status: response.status(), body: await response.text() };
}
