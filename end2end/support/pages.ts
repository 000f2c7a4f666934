// Every page there is: what is looked at in every theme and width.

import { type Page, expect } from '@playwright/test';
import { live, row } from './screen';

export interface Shown {
  name: string;
  path: string;
  who: 'admin' | 'nobody';
  /// Until what is to be seen is there.
  ready: (page: Page) => Promise<unknown>;
}

const charts = async (page: Page): Promise<void> => {
  await live(page);
  for (const chart of await page.locator('section.chart').all()) {
    // Charts are drawn when they come into view.
    await chart.scrollIntoViewIfNeeded();
    await expect(chart.locator('canvas').first()).toBeVisible();
    await expect(chart.locator('.chart-state')).toHaveCount(0);
  }
  await page.evaluate(() => window.scrollTo(0, 0));
};

/// Receipts are written of a share of all requests: sooner or later there is one.
const drawn = async (page: Page): Promise<void> => {
  await live(page);
  await expect(async () => {
    await page.getByRole('button', { name: 'Read again' }).click();
    await expect(page.locator('tbody th a').first()).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 30_000 });
};

export const PAGES: Shown[] = [
  { name: 'overview', path: '/', who: 'admin', ready: charts },
  { name: 'pools', path: '/pools', who: 'admin', ready: live },
  {
    name: 'pool-instances',
    path: '/pools/samples?ticked=sample-1,sample-2',
    who: 'admin',
    ready: async (page) => {
      await live(page);
      await expect(row(page, 'sample-3')).toBeVisible();
    },
  },
  { name: 'pool-traffic', path: '/pools/samples?tab=traffic', who: 'admin', ready: charts },
  { name: 'pool-health', path: '/pools/samples?tab=health', who: 'admin', ready: live },
  { name: 'pool-affinity', path: '/pools/samples?tab=affinity', who: 'admin', ready: live },
  { name: 'pool-settings', path: '/pools/samples?tab=settings', who: 'admin', ready: live },
  { name: 'doctor', path: '/doctor', who: 'admin', ready: live },
  { name: 'scaling', path: '/scaling', who: 'admin', ready: live },
  { name: 'workload', path: '/scaling/samples', who: 'admin', ready: charts },
  { name: 'workload-history', path: '/scaling/samples?tab=history', who: 'admin', ready: live },
  { name: 'workload-ledger', path: '/scaling/samples?tab=ledger', who: 'admin', ready: live },
  { name: 'workload-policy', path: '/scaling/samples?tab=policy', who: 'admin', ready: live },
  { name: 'workload-what-if', path: '/scaling/samples?tab=what-if', who: 'admin', ready: live },
  { name: 'workload-schedule', path: '/scaling/samples?tab=schedule', who: 'admin', ready: live },
  { name: 'workload-prediction', path: '/scaling/samples?tab=prediction', who: 'admin', ready: live },
  { name: 'no-clusters', path: '/clusters', who: 'admin', ready: live },
  { name: 'breakers', path: '/breakers', who: 'admin', ready: live },
  { name: 'requests', path: '/requests', who: 'admin', ready: drawn },
  {
    name: 'request',
    path: '/requests?show=',
    who: 'admin',
    ready: async (page) => {
      const tried = page.getByRole('heading', { name: /^Try 1/ });
      if (!(await tried.isVisible())) {
        await drawn(page);
        await page.locator('tbody th a').first().click();
      }
      await expect(tried).toBeVisible();
    },
  },
  { name: 'events', path: '/events', who: 'admin', ready: live },
  { name: 'search', path: '/search?q=sample', who: 'admin', ready: (page) => expect(page.locator('.hits li').first()).toBeVisible() },
  { name: 'sign-in', path: '/sign-in?error=wrong', who: 'nobody', ready: (page) => expect(page.getByRole('alert')).toContainText('wrong') },
  {
    name: 'setup',
    path: '/setup?token=example&error=password&reason=must%20have%20at%20least%2010%20characters',
    who: 'nobody',
    ready: (page) => expect(page.getByLabel('Password')).toBeVisible(),
  },
  { name: 'not-found', path: '/no/such/page', who: 'admin', ready: (page) => expect(page.getByText('Not found').first()).toBeVisible() },
];
