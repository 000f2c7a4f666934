// Scaling as people do it: seen, understood, overridden for a while, changed for good.

import type { BrowserContext, Page } from '@playwright/test';
import { adminSession } from '../support/accounts';
import { Evenkeel } from '../support/evenkeel';
import { cell, confirm, freshness, open, row, toast } from '../support/screen';
import { expect, test } from '../support/test';
import { until } from '../support/until';

const PAGE = '/scaling/samples';
/// Three by themselves, six at most; hardly any traffic, so that only what the test does scales them.
const ENV = { EVENKEEL_SAMPLE__COUNT: '3', EVENKEEL_SAMPLE__MAX: '6', EVENKEEL_TRAFFIC__RATE: '2' };
const SCALES_WITHIN_MS = 60_000;

let evenkeel: Evenkeel;
let context: BrowserContext;
let page: Page;

test.describe.configure({ mode: 'serial', timeout: 240_000 });

test.beforeAll(async ({ browser }) => {
  evenkeel = await Evenkeel.start({ env: ENV });
  context = await browser.newContext({ baseURL: evenkeel.url, storageState: await adminSession(browser, evenkeel) });
});

test.afterAll(async () => {
  await context.close();
  await evenkeel.dispose();
});

test.beforeEach(async ({ watch }) => {
  watch.listen(context);
  page = await context.newPage();
});

test.afterEach(() => page.close());

const figure = (title: string) => page.locator('.figures .card').filter({ hasText: title }).locator('.card-value');
const held = () => page.locator('.callout').filter({ hasText: 'for another' });
const why = () => page.getByRole('region', { name: 'Why?', exact: true });

async function choose(verb: string): Promise<void> {
  await page.getByRole('button', { name: 'Pause…' }).click();
  await page.locator('.row-menu:popover-open').getByRole('button', { name: verb, exact: true }).click();
}

/// Who answers so many requests.
async function served(count: number): Promise<Set<string>> {
  const names = new Set<string>();
  for (let i = 0; i < count; i += 1) names.add((await fetch(`${evenkeel.gateway}/health`)).headers.get('x-served-by') ?? '');
  return names;
}

async function version(): Promise<number> {
  const response = await context.request.get('/api/fn/view?key=workload:samples');
  return ((await response.json()) as { data: { intent: { version: number } } }).data.intent.version;
}

test('the list says what is scaled, by what, between which bounds', async () => {
  await open(page, '/scaling');
  const line = row(page, 'samples');
  await expect(line).toContainText('supervisor/samples');
  await expect(line.locator('.target').first()).toContainText('/ 70 %');
  await expect(await cell(page, line, 'Min')).toHaveText('3');
  await expect(await cell(page, line, 'Max')).toHaveText('6');
  await expect(await cell(page, line, 'Ready')).toHaveText('3');
  await page.getByText('What the states mean').click();
  await expect(page.locator('.legend')).toContainText('as many are ready as asked for');
  await page.getByRole('columnheader', { name: 'Replicas' }).getByRole('link').click();
  await expect(page).toHaveURL(/sort=replicas/);
  await line.getByRole('link', { name: 'samples' }).click();
  await expect(page.getByRole('heading', { name: 'samples', level: 1 })).toBeVisible();
});

test('why it has as many as it has is told step by step, and what would change it', async () => {
  await open(page, PAGE);
  await expect(why()).toContainText(/stays at 3|3 → /, { timeout: 60_000 });
  await expect(why()).toContainText('Decided');
  await expect(why().locator('.steps')).toContainText(/cpu (reads|asks)/);
  await expect(page.getByRole('region', { name: 'Processes', exact: true })).toContainText('sample-1');
  await expect(page.locator('section.chart').first().locator('canvas').first()).toBeVisible();
});

test('pinned to five for a minute: five serve, the rest is counted down, and it comes back by itself', async () => {
  await open(page, PAGE);
  await page.getByRole('button', { name: 'Scale to…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Scale: samples' });
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await dialog.getByLabel('Replicas').fill('9');
  await dialog.getByLabel('For').fill('0');
  await dialog.getByRole('button', { name: 'Scale' }).click();
  await expect(dialog).toContainText('the policy allows 3 to 6, not 9');
  await expect(dialog).toContainText('type a whole number from 1');
  await dialog.getByLabel('Replicas').fill('5');
  await dialog.getByLabel('For').fill('1');
  await dialog.getByRole('button', { name: 'Scale' }).click();
  await expect(toast(page)).toContainText('samples is scaled to 5 for 1 min.');
  await expect(toast(page).getByRole('link', { name: 'See the history' })).toHaveAttribute('href', '/scaling/samples?tab=history');

  await expect(held()).toContainText(/Pinned to 5 for another (1 min|\d+ s)/);
  await expect(figure('Asked for')).toHaveText('5');
  await expect(figure('Ready')).toHaveText('5', { timeout: SCALES_WITHIN_MS });
  await until(
    'five instances serve',
    async () => (await served(20)).size === 5,
    SCALES_WITHIN_MS,
  );
  const shown = await held().innerText();
  await expect(held()).not.toHaveText(shown, { useInnerText: true });
  // Nobody touches anything: the minute ends.
  await expect(held()).toHaveCount(0, { timeout: 90_000 });
  await expect(page.getByRole('button', { name: 'Let go' })).toHaveCount(0);
});

test('paused until somebody lets go, which can be undone while nothing else happened', async () => {
  await open(page, PAGE);
  await choose('Pause');
  const dialog = page.getByRole('dialog', { name: 'Pause: samples' });
  await expect(dialog.getByLabel('For')).toHaveValue('15');
  await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
  await expect(toast(page)).toContainText('samples is paused for 15 min.');
  await expect(held()).toContainText('Paused for another');
  await expect(page.locator('.page-head .badge').first()).toHaveAttribute('data-scaling', /held|at_max|scaling_in/);
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await expect(held()).toHaveCount(0);

  await choose('Pause scale-in');
  await page.getByRole('dialog').getByRole('button', { name: 'Pause scale-in', exact: true }).click();
  await expect(held()).toContainText('Scale-in paused for another');
  await page.getByRole('button', { name: 'Let go' }).click();
  await page.getByRole('dialog', { name: 'Let go: samples' }).getByRole('button', { name: 'Let go' }).click();
  await expect(held()).toHaveCount(0);
});

test('the policy is edited with what would change before one\'s eyes, and mistakes are named', async () => {
  await open(page, `${PAGE}?tab=policy`);
  const policy = page.getByRole('region', { name: 'Policy', exact: true });
  const before = await version();
  await policy.getByLabel('At most').first().fill('2');
  await expect(policy.getByText('3 is not between 0 and 2, which is max_replicas').first()).toBeVisible();
  await policy.getByLabel('At most').first().fill('5');
  await expect(policy.getByRole('row', { name: 'max replicas 6 5' })).toBeVisible();
  await policy.getByRole('button', { name: 'Remove target 4' }).click();
  await expect(policy.getByRole('row', { name: /target active_sessions 8/ })).toBeVisible();
  await policy.getByRole('button', { name: 'Add a target' }).click();
  await policy.getByRole('button', { name: 'Change policy' }).click();
  await confirm(page, 'Change policy');
  await expect(toast(page)).toContainText('settings changed.');
  await expect(page.locator('.settings-note')).toContainText(`Version ${before + 1} is in force, set by ada`);
  await expect(page.getByRole('region', { name: 'In force', exact: true })).toContainText('max replicas');
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await expect(page.locator('.settings-note')).toContainText(`Version ${before + 2} is in force`);
  await expect(policy.getByLabel('At most').first()).toHaveValue('6');

  // A preset is a beginning, and each rule has its own fields.
  await policy.getByRole('button', { name: 'Queue worker' }).click();
  await expect(policy.getByLabel('At most').first()).toHaveValue('50');
  await expect(policy.getByRole('group', { name: 'Signals that vote' })).toBeHidden();
  await policy.locator('input[value="weighted"]').check();
  await expect(policy.getByRole('group', { name: 'Signals that vote' })).toBeVisible();
  await expect(policy.getByRole('row', { name: 'algorithm hpa weighted' })).toBeVisible();
});

test('what will flap is said before it is saved, and what is typed is replayed beside what is in force', async () => {
  await open(page, `${PAGE}?tab=policy`);
  const policy = page.getByRole('region', { name: 'Policy', exact: true });
  const down = policy.getByRole('group', { name: 'Scale down', exact: true });
  await down.getByLabel('Window').fill('0');
  await expect(policy.getByText(/This will flap: .*low reading/)).toBeVisible();
  await expect(policy.getByText(/Window of scale down: at least/)).toBeVisible();
  await down.getByLabel('Window').fill('900');
  await expect(policy.getByText('This will flap')).toHaveCount(0);

  await down.getByLabel('Window').fill('60');
  await policy.getByRole('button', { name: 'What if?' }).click();
  await expect(page).toHaveURL(/tab=what-if/);
  const replay = page.getByRole('region', { name: 'What if?', exact: true });
  await replay.getByText('edited', { exact: true }).click();
  await expect(replay.getByRole('row', { name: 'scale-down window 900 s 60 s' })).toBeVisible();
  await replay.getByRole('button', { name: 'Staging' }).click();
  await replay.getByLabel('Demand').selectOption('daily wave');
  await replay.getByLabel('An instance starts within').fill('soon');
  await replay.getByRole('button', { name: 'Replay' }).click();
  await expect(replay.getByText('type a whole number from 0 to 3600')).toBeVisible();
  await replay.getByLabel('An instance starts within').fill('20');
  await replay.getByRole('button', { name: 'Replay' }).click();
  const outcomes = page.getByRole('region', { name: 'Outcomes of the policies', exact: true });
  for (const name of ['in force', 'edited', 'Staging']) {
    await expect(outcomes.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) })).toBeVisible({ timeout: 60_000 });
  }
  // Nothing was applied by looking.
  await page.getByRole('navigation', { name: 'Parts of the workload' }).getByRole('link', { name: 'Policy' }).click();
  await expect(page.getByRole('region', { name: 'Policy', exact: true }).getByRole('group', { name: 'Scale down', exact: true }).getByLabel('Window')).toHaveValue(
    '900',
  );
});

test('who was overtaken is told before sending, and shown both versions after', async ({ watch }) => {
  watch.expect(/409/);
  await open(page, `${PAGE}?tab=policy`);
  const policy = page.getByRole('region', { name: 'Policy', exact: true });
  await policy.getByLabel('Oldest figure that counts').fill('100');
  await policy.getByRole('button', { name: 'Change policy' }).click();
  const dialog = page.getByRole('dialog', { name: 'Change policy: samples' });
  await expect(dialog.getByRole('row', { name: 'metric max age 180 s 100 s' })).toBeVisible();
  const theirs = { workload: 'samples', expected_version: String(await version()), to: 'pause_scale_in', minutes: '5' };
  const held = await context.request.post('/api/fn/hold_scaling', {
    form: theirs,
    headers: { accept: 'application/json', 'sec-fetch-site': 'same-origin' },
  });
  expect(held.status(), await held.text()).toBe(200);
  await dialog.getByRole('button', { name: 'Change policy' }).click();
  await expect(dialog).toContainText('ada changed this workload while you were at it.');
  await expect(dialog.getByRole('table', { name: 'What ada changed' })).toContainText('scale-in paused');
  await expect(dialog.getByRole('table', { name: 'Your change' }).getByRole('row', { name: 'metric max age 180 s 100 s' })).toBeVisible();
  await dialog.getByRole('button', { name: 'Apply mine on top' }).click();
  await expect(toast(page)).toContainText('metric max age is now 100 s');
  await expect(page.getByRole('region', { name: 'In force', exact: true })).toContainText('scale-in paused');
  await page.getByRole('button', { name: 'Let go' }).click();
  await page.getByRole('dialog', { name: 'Let go: samples' }).getByRole('button', { name: 'Let go' }).click();
});

test('a schedule shows the coming week while it is typed', async ({ watch }) => {
  // The server, where the calendar is, does not know every time zone that is typed.
  watch.expect(/422/);
  await open(page, `${PAGE}?tab=schedule`);
  const schedule = page.getByRole('region', { name: 'Schedule', exact: true });
  const week = page.getByRole('region', { name: 'The coming week', exact: true });
  await expect(week).toContainText('With the rules in force.');
  await schedule.getByRole('button', { name: 'Add a rule' }).click();
  const rule = schedule.getByRole('group', { name: 'rule 1' });
  await rule.getByLabel('Name').fill('office hours');
  await rule.getByLabel('At least').fill('4');
  await rule.getByLabel('Time zone').fill('Mars/Olympus');
  await expect(rule).toContainText('is not a known time zone');
  await rule.getByLabel('Time zone').fill('Europe/Berlin');
  await expect(week).toContainText('With the rules as typed; not in force yet.');
  await expect(week.getByRole('row', { name: /4 6 office hours/ }).first()).toBeVisible();
  await expect(week.locator('.week-bar.ruled').first()).toBeAttached();
  await schedule.getByRole('button', { name: 'Change schedule' }).click();
  await confirm(page, 'Change schedule');
  await expect(toast(page)).toContainText('schedule 1 "office hours" is now 0 8 * * 1-5 Europe/Berlin for 36000 s, min 4.');
  await expect(week).toContainText('With the rules in force.');
  await schedule.getByRole('button', { name: 'Remove rule 1' }).click();
  await schedule.getByRole('button', { name: 'Change schedule' }).click();
  await confirm(page, 'Change schedule');
});

test('the history names cause, person and outcome, and is filtered through the URL', async () => {
  await open(page, `${PAGE}?tab=history`);
  const pinned = page.locator('tr[data-row]').filter({ hasText: '3 → 5' }).first();
  await expect(pinned).toContainText(/ready after|overtaken/);
  await page.getByLabel('Outcome').selectOption('failed');
  await expect(page).toHaveURL(/outcome=failed/);
  await expect(page.getByText('No change passes these filters')).toBeVisible();
  await page.getByRole('link', { name: 'Show all changes' }).click();
  await expect(pinned).toBeVisible();
  await page.getByLabel('Size').selectOption('1');
  await expect(page.getByText('No change passes these filters')).toBeVisible();
});

test('the ledger has every decision in plain words, with its proof', async () => {
  await open(page, `${PAGE}?tab=ledger`);
  const decisions = page.locator('tr[data-row]');
  await expect(decisions.first()).toContainText(/stays at|→/);
  await decisions.first().locator('summary').click();
  await expect(decisions.first().locator('.steps')).toContainText('Asked for');
  await page.getByRole('combobox', { name: 'Decisions' }).selectOption('1');
  await expect(page).toHaveURL(/changes=1/);
  await expect(decisions.filter({ hasText: 'pinned to 5' }).first()).toContainText('3 → 5');
  await expect(freshness(page)).toHaveAttribute('data-status', 'live');
});

test('more traffic: instances appear and serve, and the page says what asked for them', async () => {
  await open(page, `${PAGE}?tab=policy`);
  const policy = page.getByRole('region', { name: 'Policy', exact: true });
  for (const n of [4, 3, 2]) await policy.getByRole('button', { name: `Remove target ${n}` }).click();
  const targets = policy.getByRole('group', { name: 'Targets', exact: true });
  await targets.getByLabel('Metric').first().fill('requests_per_minute');
  await targets.getByLabel('Is a').first().selectOption('pods');
  await targets.getByLabel('Counted').first().selectOption('average_value');
  await targets.getByLabel('Target', { exact: true }).first().fill('120');
  await policy.getByRole('button', { name: 'Change policy' }).click();
  await confirm(page, 'Change policy');
  await expect(toast(page)).toContainText('settings changed.');

  await open(page, PAGE);
  await expect(why()).toContainText('requests_per_minute reads');
  await expect(figure('Asked for')).toHaveText('3');
  const asking = setInterval(() => void fetch(`${evenkeel.gateway}/health`).catch(() => undefined), 40);
  try {
    await expect(figure('Asked for')).toHaveText(/[4-6]/, { timeout: SCALES_WITHIN_MS });
    await expect(figure('Ready')).toHaveText(/[4-6]/, { timeout: SCALES_WITHIN_MS });
    await until('a new instance serves', async () => (await served(40)).size > 3, SCALES_WITHIN_MS);
  } finally {
    clearInterval(asking);
  }
  const change = page.getByRole('row').filter({ hasText: 'requests_per_minute' }).first();
  await expect(change).toContainText('autoscaler');
});
