// Every page and dialog in both themes at three widths: axe finds nothing, nothing is wider than the screen, and a picture of each is
// kept.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { violations } from '../support/axe';
import { PAGES } from '../support/pages';
import { screenshotDir } from '../support/paths';
import { open, row } from '../support/screen';
import { expect, test } from '../support/test';

const THEMES = ['dark', 'light'] as const;
const SIZES = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 390, height: 844 },
];

mkdirSync(screenshotDir, { recursive: true });

/// Judges and keeps what is on screen, at every width.
async function look(page: Page, name: string, theme: string, ready: () => Promise<unknown> = async () => undefined): Promise<void> {
  await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
  for (const size of SIZES) {
    await page.setViewportSize(size);
    await ready();
    const shown = `${name}-${theme}-${size.width}`;
    expect.soft(await violations(page), `${shown}: accessibility`).toEqual([]);
    const surplus = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect.soft(surplus, `${shown}: wider than the screen by`).toBeLessThanOrEqual(0);
    await page.screenshot({ path: path.join(screenshotDir, `${shown}.png`), animations: 'disabled' });
  }
}

for (const shown of PAGES) {
  test(`the page ${shown.name}`, async ({ another, evenkeel, watch }) => {
    test.slow();
    watch.expect(/404/);
    const context = await another(shown.who);
    const page = await context.newPage();
    for (const theme of THEMES) {
      await context.addCookies([{ name: 'theme', value: theme, url: evenkeel.url }]);
      await page.setViewportSize(SIZES[0] as (typeof SIZES)[0]);
      await page.goto(shown.path);
      await look(page, shown.name, theme, () => shown.ready(page));
    }
  });
}

/// What opens on a page, and how. Each is closed by what comes next or by `close`.
const OPENED: { name: string; path: string; show: (page: Page) => Promise<unknown>; close: (page: Page) => Promise<unknown> }[] = [
  {
    name: 'dialog-keyboard',
    path: '/pools/samples',
    show: async (page) => {
      await page.keyboard.press('?');
      await expect(page.getByRole('dialog', { name: 'Keyboard' })).toBeVisible();
    },
    close: (page) => page.keyboard.press('Escape'),
  },
  {
    name: 'menu-breaker',
    path: '/breakers',
    show: async (page) => {
      await row(page, 'sample-1').getByRole('button', { name: 'Change the breaker of sample-1' }).click();
      await expect(page.locator('.row-menu:popover-open')).toBeVisible();
    },
    close: (page) => page.keyboard.press('Escape'),
  },
  {
    name: 'dialog-hold',
    path: '/breakers',
    show: async (page) => {
      await row(page, 'sample-1').getByRole('button', { name: 'Change the breaker of sample-1' }).click();
      await page.getByRole('button', { name: 'Hold closed', exact: true }).filter({ visible: true }).click();
      await expect(page.getByRole('dialog', { name: 'Hold closed: sample-1' }).getByLabel('For')).toHaveValue('15');
    },
    close: (page) => page.keyboard.press('Escape'),
  },
  {
    name: 'dialog-scale',
    path: '/scaling/samples',
    show: async (page) => {
      await page.getByRole('button', { name: 'Scale to…' }).click();
      await expect(page.getByRole('dialog', { name: 'Scale: samples' }).getByLabel('Replicas')).toHaveValue('3');
    },
    close: (page) => page.getByRole('button', { name: 'Cancel' }).click(),
  },
  {
    name: 'menu-pause',
    path: '/scaling/samples',
    show: async (page) => {
      await page.getByRole('button', { name: 'Pause…' }).click();
      await expect(page.locator('.row-menu:popover-open')).toBeVisible();
    },
    close: (page) => page.keyboard.press('Escape'),
  },
  {
    name: 'dialog-policy',
    path: '/scaling/samples?tab=policy',
    show: async (page) => {
      await page.getByRole('button', { name: 'Balanced' }).click();
      await page.getByRole('button', { name: 'Change policy' }).click();
      await expect(page.getByRole('dialog', { name: 'Change policy: samples' }).getByRole('table')).toBeVisible();
    },
    close: (page) => page.getByRole('button', { name: 'Cancel' }).click(),
  },
  {
    name: 'what-if-outcome',
    path: '/scaling/samples?tab=what-if',
    show: async (page) => {
      await page.getByLabel('Demand').selectOption('step');
      await page.getByRole('button', { name: 'Balanced' }).click();
      await page.getByRole('button', { name: 'Replay' }).click();
      await expect(page.getByRole('region', { name: 'Outcomes of the policies' })).toContainText('Balanced', { timeout: 60_000 });
    },
    close: (page) => page.getByRole('button', { name: 'Remove Balanced' }).click(),
  },
  {
    name: 'menu-row',
    path: '/pools/samples',
    show: async (page) => {
      await row(page, 'sample-1').getByRole('button', { name: 'Change sample-1' }).click();
      await expect(page.locator('.row-menu:popover-open')).toBeVisible();
    },
    close: (page) => page.keyboard.press('Escape'),
  },
  {
    name: 'dialog-drain',
    path: '/pools/samples',
    show: async (page) => {
      await row(page, 'sample-1').getByRole('button', { name: 'Change sample-1' }).click();
      await page.locator('.row-menu:popover-open').getByRole('button', { name: 'Drain' }).click();
      await expect(page.getByRole('dialog', { name: 'Drain: sample-1' }).getByRole('table')).toBeVisible();
    },
    close: (page) => page.getByRole('button', { name: 'Cancel' }).click(),
  },
  {
    name: 'menu-account',
    path: '/',
    show: (page) => page.locator('summary[aria-label="Account"]').click(),
    close: (page) => page.locator('summary[aria-label="Account"]').click(),
  },
  {
    name: 'search-hits',
    path: '/',
    show: async (page) => {
      await page.getByRole('combobox', { name: /Search/ }).fill('sample');
      await expect(page.getByRole('option').first()).toBeVisible();
    },
    close: (page) => page.keyboard.press('Escape'),
  },
  {
    name: 'chart-table',
    path: '/',
    show: (page) => page.locator('section.chart summary').click(),
    close: (page) => page.locator('section.chart summary').click(),
  },
];

for (const opened of OPENED) {
  test(`what opens: ${opened.name}`, async ({ page }) => {
    test.slow();
    for (const theme of THEMES) {
      await page.setViewportSize(SIZES[0] as (typeof SIZES)[0]);
      await open(page, `${opened.path}${opened.path.includes('?') ? '&' : '?'}theme=${theme}`);
      await opened.show(page);
      await look(page, opened.name, theme);
      await opened.close(page);
    }
  });
}
