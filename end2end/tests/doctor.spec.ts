// The policy doctor: a faulty manifest in, what is wrong with it and the mended text out.

import { readFile } from 'node:fs/promises';
import { open } from '../support/screen';
import { expect, test } from '../support/test';

test('an example is examined, mended and examined again', async ({ page }) => {
  await open(page, '/doctor');
  await expect(page.getByText('What is looked for')).toBeVisible();
  const text = page.getByLabel('YAML or JSON');

  await page.getByRole('button', { name: 'Examine' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'paste a manifest' })).toBeVisible();

  await page.getByRole('button', { name: 'Fill in an example' }).click();
  await expect(text).toHaveValue(/minReplica: 2/);
  await page.getByRole('button', { name: 'Examine' }).click();
  await expect(page.getByText(/3 documents examined: \d+ findings/)).toBeVisible();

  const hpa = page.getByRole('region', { name: 'HorizontalPodAutoscaler shop/web' });
  for (const code of ['unknown_field', 'inverse_metric', 'latency_averaged', 'flaps']) {
    await expect(hpa.locator(`[data-finding="${code}"]`).first()).toBeVisible();
  }
  const deployment = page.getByRole('region', { name: 'Deployment shop/web' });
  await expect(deployment.locator('[data-finding="request_missing"]')).toContainText('Container app has no cpu request');
  await expect(deployment.locator('[data-finding="replicas_set"]')).toBeVisible();
  await expect(page.getByRole('region', { name: 'VerticalPodAutoscaler shop/web' }).locator('[data-finding="vpa_conflict"]')).toBeVisible();

  const mended = page.getByRole('region', { name: 'Mended' });
  await expect(mended.locator('del').first()).toContainText('minReplica: 2 # never fewer');
  await expect(mended.locator('ins').first()).toContainText('minReplicas: 2 # never fewer');
  const download = page.waitForEvent('download');
  await mended.getByRole('button', { name: 'Download' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe('mended.yaml');
  const kept = await readFile(await file.path(), 'utf8');
  expect(kept).toContain('# Scales the shop');
  expect(kept).toContain('minReplicas: 2 # never fewer');

  await mended.getByRole('button', { name: 'Examine the mended text' }).click();
  await expect(text).toHaveValue(/minReplicas: 2/);
  await expect(page.getByText('3 documents examined: nothing found.')).toBeVisible();
  await expect(mended).toHaveCount(0);
});

test('a file is examined as soon as it is chosen, and what is no YAML is said with its line', async ({ page }) => {
  await open(page, '/doctor');
  await page.getByLabel('Or a file').setInputFiles({
    name: 'hpa.yaml',
    mimeType: 'text/yaml',
    buffer: Buffer.from('kind: List\nitems:\n\t- a\n'),
  });
  const broken = page.locator('[data-finding="invalid_object"]').first();
  await expect(broken).toContainText('It cannot be read');
  await expect(broken).toContainText('Line 3');

  await page.getByLabel('YAML or JSON').fill('apiVersion: v1\nkind: "<img src=x onerror=alert(1)>"\nmetadata: {name: a}\n');
  await page.getByRole('button', { name: 'Examine' }).click();
  await expect(page.getByRole('heading', { name: '<img src=x onerror=alert(1)> a' })).toBeVisible();
  await expect(page.locator('main img')).toHaveCount(0);
});
