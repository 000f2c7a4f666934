// Kubernetes as people meet it: what scales, why it does or does not, and changes that the API server itself is asked about first.

import type { BrowserContext, Locator, Page } from '@playwright/test';
import { VIEWER, addViewer, adminSession, session, signIn } from '../support/accounts';
import { violations } from '../support/axe';
import { Cluster, deployment, hpa, noCluster } from '../support/cluster';
import { Evenkeel } from '../support/evenkeel';
import { cell, open, toast } from '../support/screen';
import { expect, test } from '../support/test';
import { until } from '../support/until';

const APPS = '/apis/apps/v1/namespaces/shop/deployments';
const HPAS = '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers';
const INGRESSES = '/apis/networking.k8s.io/v1/namespaces/shop/ingresses';
const PAGE = '/clusters/test/shop/hpa/web';
/// The first list of every kind, and a round of the controller.
const READ_WITHIN_MS = 60_000;

let cluster: Cluster;
let evenkeel: Evenkeel;
let context: BrowserContext;
let page: Page;

if (noCluster !== undefined) console.error(noCluster);
test.skip(noCluster !== undefined, noCluster ?? '');
test.describe.configure({ mode: 'serial', timeout: 240_000 });

test.beforeAll(async ({ browser }) => {
  cluster = await Cluster.start();
  await cluster.namespace('shop');
  // Less than the target wants, and all are at their minimum: nothing scales by itself.
  await cluster.steer('PUT', '/metrics/pods', { namespace: 'shop', cpu: '60m', memory: '32Mi' });
  await cluster.create(APPS, deployment({ name: 'web', replicas: 2, cpu: '100m' }));
  await cluster.create(HPAS, hpa('web', 2, 5));
  // Its utilisation is measured against a request that is not there.
  await cluster.create(APPS, deployment({ name: 'bare', replicas: 1 }));
  await cluster.create(HPAS, hpa('bare', 1, 4));
  await cluster.create(APPS, deployment({ name: 'batch', replicas: 1, cpu: '100m' }));
  const helm = { 'app.kubernetes.io/managed-by': 'Helm' };
  await cluster.create(APPS, deployment({ name: 'charted', replicas: 2, cpu: '100m', labels: helm }));
  await cluster.create(HPAS, hpa('charted', 2, 5, helm));
  await cluster.create('/api/v1/namespaces/shop/services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  await cluster.create(INGRESSES, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'front' },
    spec: { ingressClassName: 'nginx', defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
  });
  await cluster.create('/apis/policy/v1/namespaces/shop/poddisruptionbudgets', {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'all-of-batch' },
    spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'batch' } } },
  });
  await until('all pods are ready', async () => {
    const { items } = await cluster.read<{ items: { metadata: { name: string }; status: { readyReplicas?: number } }[] }>(APPS);
    return items.every((d) => (d.status.readyReplicas ?? 0) >= 1);
  });
  evenkeel = await Evenkeel.start({
    config: `[[clusters]]\nid = "test"\nkubeconfig = ${JSON.stringify(cluster.kubeconfig)}\n`,
    env: { EVENKEEL_TRAFFIC__RATE: '2' },
  });
  context = await browser.newContext({ baseURL: evenkeel.url, storageState: await adminSession(browser, evenkeel) });
});

test.afterAll(async () => {
  await context?.close();
  await evenkeel?.dispose();
  await cluster?.dispose();
});

test.beforeEach(async ({ watch }) => {
  watch.listen(context);
  page = await context.newPage();
});

test.afterEach(() => page?.close());

const strip = () => page.getByRole('list', { name: 'Clusters' }).getByRole('listitem').first();
const why = () => page.getByRole('region', { name: 'Why?', exact: true });
const dialog = () => page.getByRole('dialog');
const tab = (name: string) => page.getByRole('navigation', { name: 'Parts of the object' }).getByRole('link', { name, exact: true });

/// The row of an HPA or a workload: two may have one name.
function line(kind: string, name: string): Locator {
  return page.locator(`tr[data-row]:has(th a[href="/clusters/test/shop/${kind}/${name}"])`);
}

async function read(path = '/clusters'): Promise<void> {
  await open(page, path);
  await expect(strip().locator('.badge').first()).toHaveText('up', { timeout: READ_WITHIN_MS });
}

async function maxReplicas(name = 'web'): Promise<number> {
  return (await cluster.read<{ spec: { maxReplicas: number } }>(`${HPAS}/${name}`)).spec.maxReplicas;
}

test('the list says which cluster is read how, and what scales in it', async () => {
  await read();
  await expect(strip()).toContainText(cluster.version);
  await expect(line('hpa', 'web')).toContainText('Deployment/web', { timeout: READ_WITHIN_MS });
  await expect(line('hpa', 'web').locator('.target').first()).toContainText('/ 70 %');
  await expect(await cell(page, line('hpa', 'web'), 'Min')).toHaveText('2');
  await expect(await cell(page, line('hpa', 'web'), 'Max')).toHaveText('5');
  await expect(await cell(page, line('hpa', 'web'), 'Ready')).toHaveText('2 / 2');
  await expect(line('hpa', 'charted')).toContainText('Helm');
  await expect(line('deployment', 'batch')).toBeVisible();
  await strip().locator('summary').click();
  await expect(page.getByRole('region', { name: 'What is read of test' })).toContainText('horizontalpodautoscalers');
});

test('filters live in the URL, and what passes none of them says so', async () => {
  await read();
  await page.getByLabel('Name has').fill('bar');
  await page.getByLabel('Name has').press('Enter');
  await expect(page).toHaveURL(/text=bar/);
  await expect(line('hpa', 'bare')).toBeVisible();
  await expect(line('hpa', 'web')).toHaveCount(0);
  await page.getByLabel('Kind').selectOption('statefulset');
  await expect(page).toHaveURL(/kind=statefulset/);
  await expect(page.getByText('Nothing passes these filters')).toBeVisible();
  await page.getByRole('link', { name: 'Show everything' }).click();
  await page.getByLabel('Only what needs a look').check();
  await expect(page).toHaveURL(/troubled=1/);
  await expect(line('hpa', 'bare')).toBeVisible();
  await page.goto('/clusters?text=%3Cscript%3E');
  await expect(page.getByText('No name has that in it')).toBeVisible();
});

test('an HPA that cannot scale says why, how sure that is, and what to do', async () => {
  await open(page, '/clusters/test/shop/hpa/bare');
  const finding = why().locator('[data-finding="request_missing"]').first();
  await expect(finding).toContainText('observed', { timeout: READ_WITHIN_MS });
  await expect(finding.locator('[data-severity]')).toBeVisible();
  await expect(finding.locator('.fix').first()).toBeVisible();
  await why().getByText('How sure that is').click();
  await expect(why().locator('.legend')).toContainText('the cluster says so itself');
});

test('one object: figures, metrics of the controller beside ours, conditions, pods and events', async () => {
  await read();
  await line('hpa', 'web').getByRole('link', { name: 'web' }).click();
  await expect(page.getByRole('heading', { name: 'web', level: 1 })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Table of metrics' })).toContainText('cpu');
  await expect(page.getByRole('region', { name: 'Table of conditions' })).toContainText('AbleToScale', { timeout: READ_WITHIN_MS });
  await expect(page.locator('section.chart').first().locator('canvas').first()).toBeVisible();
  await expect(page.locator('.facts').getByRole('link', { name: 'Deployment web' })).toHaveAttribute('href', '/clusters/test/shop/deployment/web');
  await tab('Pods').click();
  await expect(page).toHaveURL(/tab=pods/);
  await expect(page.getByRole('rowheader', { name: /^web-/ })).toHaveCount(2);
  await expect(page.locator('tr[data-row]').first()).toContainText('node-');
  await tab('Events').click();
  await expect(page.getByRole('heading', { name: 'Events of Kubernetes' })).toBeVisible();
  await tab('History').click();
  await expect(page.getByRole('region', { name: 'Changes' })).toBeVisible();
});

test('what if: an HPA is replayed beside another one, on what was measured of it and on a made-up demand', async () => {
  await open(page, PAGE);
  // What our engine read of it is what is measured; the controller may know it earlier.
  const read = page.getByRole('region', { name: 'Table of metrics' }).locator('td').nth(1);
  await expect(read).toContainText('60 %', { timeout: READ_WITHIN_MS });
  await tab('What-if').click();
  await expect(page).toHaveURL(/tab=what-if/);
  await expect(page.getByText('and of its metrics: cpu.')).toBeVisible({ timeout: READ_WITHIN_MS });
  const other = page.getByRole('region', { name: 'Another policy', exact: true });
  await expect(other.getByLabel('At most').first()).toHaveValue('5');
  await expect(other.getByRole('button', { name: 'Compare', exact: true })).toBeDisabled();
  await other.getByLabel('At most').first().fill('1');
  await expect(other.getByText('2 is not between 0 and 1')).toBeVisible();
  await other.getByLabel('At most').first().fill('9');
  await other.getByLabel('cpu').fill('50');
  await other.getByRole('button', { name: 'Compare', exact: true }).click();
  const replay = page.getByRole('region', { name: 'What if?', exact: true });
  await replay.getByText('edited', { exact: true }).click();
  await expect(replay.getByRole('row', { name: 'max replicas 5 9' })).toBeVisible();
  await expect(replay.getByRole('row', { name: 'target cpu 70 % 50 %' })).toBeVisible();
  const outcomes = page.getByRole('region', { name: 'Outcomes of the policies', exact: true });
  const outcome = (name: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) });
  await replay.getByLabel('Demand').selectOption('flash crowd');
  await replay.getByRole('button', { name: 'Replay', exact: true }).click();
  await expect(outcome('edited')).toBeVisible({ timeout: 60_000 });
  await expect(await cell(page, outcome('in force'), 'Most')).toHaveText('5');
  await expect(await cell(page, outcome('edited'), 'Most')).toHaveText('9');
  await expect(outcomes.getByRole('rowheader', { name: 'as recorded', exact: true })).toHaveCount(0);
  await replay.getByLabel('Demand').selectOption('1h');
  await replay.getByRole('button', { name: 'Replay', exact: true }).click();
  await expect(outcome('as recorded')).toBeVisible({ timeout: 60_000 });
  await replay.getByRole('button', { name: 'Remove edited', exact: true }).click();
  await expect(replay.getByText('edited', { exact: true })).toHaveCount(0);
  expect(await maxReplicas()).toBe(5);
});

test('an edit shows what the API server says would change, and only then changes it', async () => {
  await open(page, `${PAGE}?tab=edit`);
  const form = page.getByRole('region', { name: 'Edit the HPA' });
  await expect(form.getByLabel('At most').first()).toHaveValue('5');
  await form.getByLabel('At most').first().fill('1');
  await expect(form.getByText('2 is not between 0 and 1')).toBeVisible();
  await form.getByLabel('At most').first().fill('6');
  await form.getByLabel('cpu').fill('75');
  await expect(form.getByRole('row', { name: 'max replicas 5 6' })).toBeVisible();
  await form.getByRole('button', { name: 'Review…' }).click();
  await expect(dialog()).toContainText('nothing has been changed yet');
  await expect(dialog().getByRole('row', { name: 'spec.maxReplicas 5 6' })).toBeVisible();
  await dialog().getByText('The object after it, as YAML').click();
  await expect(dialog().locator('pre')).toContainText('maxReplicas: 6');
  expect(await maxReplicas()).toBe(5);
  await dialog().getByRole('button', { name: 'Change HPA' }).click();
  await expect(toast(page)).toContainText('web: 2 fields changed.');
  await expect(form.getByLabel('At most').first()).toHaveValue('6');
  expect(await maxReplicas()).toBe(6);
});

test('an Ingress that leads there is balanced by another algorithm, and has it no more when it is taken away', async () => {
  const balancing = page.getByRole('region', { name: 'Balancing by ingress-nginx', exact: true });
  const value = balancing.getByLabel('Value');
  const annotation = 'nginx.ingress.kubernetes.io/load-balance';
  const set = async () => {
    const { metadata } = await cluster.read<{ metadata: { annotations?: Record<string, string> } }>(`${INGRESSES}/front`);
    return metadata.annotations?.[annotation];
  };
  const annotate = async (typed: string) => {
    await value.fill(typed);
    await balancing.getByRole('button', { name: 'Review…' }).click();
    await expect(dialog()).toContainText(annotation);
    await dialog().getByRole('button', { name: 'Annotate', exact: true }).click();
    await expect(dialog()).toHaveCount(0);
  };
  await open(page, `${PAGE}?tab=edit`);
  await expect(balancing.getByText('Takes round_robin or ewma.')).toBeVisible({ timeout: READ_WITHIN_MS });
  await annotate('ewma');
  expect(await set()).toBe('ewma');
  await open(page, `${PAGE}?tab=edit`);
  await expect(value).toHaveValue('ewma');
  await annotate('');
  expect(await set()).toBeUndefined();
});

test('who was overtaken loses nothing: the newest is loaded, or one\'s own reviewed on top of it', async ({ watch }) => {
  watch.expect(/409/);
  await open(page, `${PAGE}?tab=edit`);
  const form = page.getByRole('region', { name: 'Edit the HPA' });
  await form.getByLabel('At most').first().fill('8');
  await form.getByRole('button', { name: 'Review…' }).click();
  await expect(dialog().getByRole('row', { name: 'spec.maxReplicas 6 8' })).toBeVisible();
  await cluster.merge(`${HPAS}/web`, { spec: { maxReplicas: 7 } });
  await dialog().getByRole('button', { name: 'Change HPA' }).click();
  await expect(dialog()).toContainText('Somebody changed it meanwhile');
  await dialog().getByRole('button', { name: 'Load the newest' }).click();
  await expect(dialog()).toBeHidden();
  await expect(page.getByLabel('At most').first()).toHaveValue('7', { timeout: READ_WITHIN_MS });
  expect(await maxReplicas()).toBe(7);
});

test('a workload without HPA is scaled and restarted, one with an HPA leads to it', async () => {
  await open(page, '/clusters/test/shop/deployment/batch?tab=edit');
  await page.getByLabel('Replicas').fill('many');
  await expect(page.getByText('type a whole number from 0')).toBeVisible();
  await page.getByLabel('Replicas').fill('2');
  await page.getByRole('button', { name: 'Review…' }).click();
  await expect(dialog().getByRole('row', { name: 'spec.replicas 1 2' })).toBeVisible();
  await dialog().getByRole('button', { name: 'Scale', exact: true }).click();
  await expect(toast(page).first()).toContainText('batch: spec.replicas is now 2.');
  await until('it has two', async () => (await cluster.read<{ spec: { replicas: number } }>(`${APPS}/batch`)).spec.replicas === 2);
  await page.getByRole('button', { name: 'Restart…' }).click();
  await expect(dialog().getByRole('row', { name: /restartedAt/ })).toBeVisible();
  await dialog().getByRole('button', { name: 'Restart', exact: true }).click();
  await expect(dialog()).toBeHidden();

  await open(page, '/clusters/test/shop/deployment/web?tab=edit');
  await expect(page.getByRole('region', { name: 'Scale', exact: true }).getByRole('button', { name: 'Review…' })).toBeDisabled();
  await expect(page.locator('main').getByRole('link', { name: 'HPA web' }).first()).toHaveAttribute('href', PAGE);
});

test('an eviction that a disruption budget has no room for is refused with the reason', async ({ watch }) => {
  watch.expect(/409/);
  await open(page, '/clusters/test/shop/deployment/batch?tab=pods');
  await page.getByRole('button', { name: /^Evict batch-/ }).first().click();
  await expect(dialog().getByText('A disruption budget has no room')).toBeVisible();
  await expect(dialog()).toContainText('all-of-batch');
  await expect(dialog().getByRole('button', { name: 'Try again' })).toBeVisible();
  await dialog().getByRole('button', { name: 'Close' }).click();
});

test('what GitOps looks after is not changed from here: the review gives the patch for its source', async ({ watch }) => {
  watch.expect(/409/);
  await open(page, '/clusters/test/shop/hpa/charted?tab=edit');
  await expect(page.locator('.page-head')).toContainText('managed by Helm');
  await expect(page.locator('main .callout').filter({ hasText: 'Helm' })).toContainText('would undo a change from here');
  await page.getByLabel('At most').first().fill('9');
  await page.getByRole('button', { name: 'Review…' }).click();
  await expect(dialog()).toContainText('GitOps would undo it');
  await expect(dialog().locator('pre')).toContainText('maxReplicas: 9');
  await expect(dialog().getByRole('button', { name: 'Copy', exact: true })).toBeVisible();
  await expect(dialog().getByRole('button', { name: 'Change HPA' })).toBeHidden();
  await dialog().getByRole('button', { name: 'Close' }).click();
  expect(await maxReplicas('charted')).toBe(5);
});

test('a viewer sees everything and can change nothing', async ({ browser, watch }) => {
  await addViewer(evenkeel);
  const storageState = await session(browser, evenkeel, async (entered) => {
    await entered.goto('/sign-in');
    await signIn(entered, VIEWER);
    await expect(entered).toHaveURL(`${evenkeel.url}/`);
  });
  const viewer = await browser.newContext({ baseURL: evenkeel.url, storageState });
  watch.listen(viewer);
  const looked = await viewer.newPage();
  await open(looked, `${PAGE}?tab=edit`);
  await expect(looked.locator('main')).toContainText('Needs the role');
  for (const control of await looked.locator('main form input, main form select, main form button').all()) await expect(control).toBeDisabled();
  await open(looked, `${PAGE}?tab=pods`);
  await expect(looked.locator('tr[data-row]').first()).toBeVisible();
  for (const evict of await looked.getByRole('button', { name: /^Evict/ }).all()) await expect(evict).toBeDisabled();
  const tried = await viewer.request.post('/api/fn/try_cluster_command', {
    data: { object: 'test:shop:deployment:batch', command: { command: 'evict', pod: 'batch-1' } },
    headers: { accept: 'application/json', 'sec-fetch-site': 'same-origin' },
  });
  expect(tried.status(), await tried.text()).toBe(403);
  await viewer.close();
});

const LOOKED_AT: { name: string; path: string; show?: () => Promise<unknown> }[] = [
  { name: 'list', path: '/clusters', show: () => strip().locator('summary').click() },
  { name: 'why', path: '/clusters/test/shop/hpa/bare' },
  { name: 'pods', path: `${PAGE}?tab=pods` },
  { name: 'ledger', path: `${PAGE}?tab=ledger` },
  { name: 'events', path: `${PAGE}?tab=events` },
  { name: 'what-if', path: `${PAGE}?tab=what-if` },
  { name: 'edit', path: `${PAGE}?tab=edit` },
  {
    name: 'review',
    path: `${PAGE}?tab=edit`,
    show: async () => {
      await page.getByLabel('At most').first().fill('9');
      await page.getByRole('region', { name: 'Edit the HPA' }).getByRole('button', { name: 'Review…' }).click();
      await dialog().getByText('The object after it, as YAML').click();
    },
  },
];

for (const looked of LOOKED_AT) {
  test(`${looked.name} fits every screen and axe finds nothing`, async () => {
    for (const theme of ['dark', 'light']) {
      await page.setViewportSize({ width: 1440, height: 900 });
      await open(page, `${looked.path}${looked.path.includes('?') ? '&' : '?'}theme=${theme}`);
      await looked.show?.();
      for (const width of [1440, 1024, 390]) {
        await page.setViewportSize({ width, height: 844 });
        expect.soft(await violations(page), `${looked.name}-${theme}-${width}: accessibility`).toEqual([]);
        const surplus = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect.soft(surplus, `${looked.name}-${theme}-${width}: wider than the screen by`).toBeLessThanOrEqual(0);
      }
    }
  });
}

test('a cluster that is gone keeps its last known values, greyed and with their age', async () => {
  await read();
  await expect(line('hpa', 'web')).toBeVisible();
  await cluster.dispose();
  await expect(strip().locator('.badge').first()).toHaveText(/^down \d+/, { timeout: READ_WITHIN_MS });
  await expect(strip().locator('.callout')).toContainText('has not answered for');
  await expect(line('hpa', 'web')).toHaveClass(/last-known/);
  await expect(line('hpa', 'web').locator('[data-object="unknown"]')).toBeVisible();
});
