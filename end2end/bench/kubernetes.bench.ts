// How long a change in a cluster takes: from the API server's answer until the console's stream tells it, and until a real page shows it.
// Nothing is asserted but that each change arrives. By hand, with the server that was built last:
//
//   npx playwright test --config bench/playwright.config.ts

import { test } from '@playwright/test';
import { adminSession } from '../support/accounts';
import { Cluster, deployment, hpa, noCluster } from '../support/cluster';
import { Evenkeel } from '../support/evenkeel';
import { evenkeelBinary } from '../support/paths';
import { open } from '../support/screen';
import { Stream, now } from '../support/stream';
import { until } from '../support/until';

const HPAS = 300;
/// Those that change; all of them are on the first page.
const CHANGING = 50;
const AT_ONCE = 16;
const SHOWN_WITHIN_MS = 60_000;

interface Pace {
  perSecond: number;
  changes: number;
}

/// A change by itself, and many a second.
const PACES: Pace[] = [
  { perSecond: 2, changes: 200 },
  { perSecond: 20, changes: 400 },
];

const name = (n: number) => `web-${String(n).padStart(3, '0')}`;

/// When each row showed which number of replicas for the first time.
type Shown = Map<string, { replicas: number; atMs: number }[]>;

function note(shown: Shown, row: string, replicas: number, atMs: number): void {
  const known = shown.get(row) ?? [];
  if (known.at(-1)?.replicas !== replicas) known.push({ replicas, atMs });
  shown.set(row, known);
}

interface Row {
  object: unknown;
  desired: number;
}

function rows(data: string): Row[] {
  const frame = JSON.parse(data) as { view: string; data?: { rows?: Row[] } };
  return frame.data?.rows ?? [];
}

const quantile = (sorted: number[], part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;

function report(what: string, delays: number[]): void {
  const sorted = delays.map((delay) => Math.max(0, delay)).sort((a, b) => a - b);
  const [p50, p99, max] = [0.5, 0.99, 1].map((part) => quantile(sorted, part).toFixed(0).padStart(6));
  console.log(`  ${what.padEnd(32)} p50 ${p50} ms   p99 ${p99} ms   max ${max} ms   (${sorted.length} changes)`);
}

test.skip(noCluster !== undefined, noCluster ?? '');

test('a change in a cluster, on its way to the browser', async ({ browser }) => {
  // The controller is not what is measured: it stays out of the way, and paused Deployments make no pods.
  const cluster = await Cluster.start(['--hpa-sync', '1h']);
  let evenkeel: Evenkeel | undefined;
  try {
    await cluster.namespace('shop');
    const [apps, hpas] = ['/apis/apps/v1/namespaces/shop/deployments', '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers'];
    for (let from = 0; from < HPAS; from += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, HPAS - from) }, (_, n) => name(from + n));
      await Promise.all(
        some.map(async (web) => {
          const made = deployment({ name: web, replicas: 2, cpu: '100m' });
          await cluster.create(apps, { ...made, spec: { ...(made.spec as object), paused: true } });
          await cluster.create(hpas, hpa(web, 2, 100));
        }),
      );
    }
    evenkeel = await Evenkeel.start({
      config: `[[clusters]]\nid = "bench"\nkubeconfig = ${JSON.stringify(cluster.kubeconfig)}\n`,
      env: { EVENKEEL_TRAFFIC__RATE: '0' },
    });
    const context = await browser.newContext({ baseURL: evenkeel.url, storageState: await adminSession(browser, evenkeel) });
    const page = await context.newPage();
    const listens = page.waitForRequest((request) => request.url().includes('/api/live'));
    await open(page, '/clusters?order=name');
    const address = (await listens).url();
    await page.locator('tr[data-row]').filter({ hasText: name(CHANGING) }).first().waitFor({ timeout: SHOWN_WITHIN_MS });

    const table = page.locator('table').filter({ has: page.locator('tr[data-row]') });
    const heads = (await table.locator('thead th').allInnerTexts()).map((head) => head.trim().toLowerCase());
    await page.evaluate((column) => {
      const seen: { row: string; text: string; atMs: number }[] = [];
      const last = new Map<string, string>();
      const look = (lines: Iterable<Element>) => {
        const atMs = performance.timeOrigin + performance.now();
        for (const line of lines) {
          const row = line.querySelector('th a')?.textContent ?? '';
          const text = line.children[column]?.textContent ?? '';
          if (last.get(row) !== text) seen.push({ row, text, atMs });
          last.set(row, text);
        }
      };
      const touched = (records: MutationRecord[]) => {
        const parts = records.map(({ target }) => (target instanceof Element ? target : target.parentElement)?.closest('tr[data-row]'));
        return new Set(parts.filter((part) => part instanceof Element));
      };
      look(document.querySelectorAll('tr[data-row]'));
      new MutationObserver((records) => look(touched(records))).observe(document.body, { subtree: true, childList: true, characterData: true });
      Object.assign(window, { seen });
    }, heads.indexOf('ready'));

    const cookie = (await context.cookies()).map((one) => `${one.name}=${one.value}`).join('; ');
    const told: Shown = new Map();
    const stream = await Stream.open(address.replace(/&after=[^&]*/, ''), cookie, (data, atMs) => {
      for (const row of rows(data)) note(told, /web-\d+/.exec(JSON.stringify(row.object))?.[0] ?? '', row.desired, atMs);
    });

    console.log(`${HPAS} HPAs, one browser, ${evenkeelBinary()}`);
    let changed = 0;
    for (const { perSecond, changes } of PACES) {
      const begun = now();
      const under: Promise<{ row: string; replicas: number; atMs: number }>[] = [];
      for (let n = 0; n < changes; n += 1, changed += 1) {
        const [row, replicas] = [name(changed % CHANGING), 3 + Math.floor(changed / CHANGING)];
        await new Promise((resolve) => setTimeout(resolve, begun + (n * 1000) / perSecond - now()));
        under.push(cluster.merge(`${apps}/${row}`, { spec: { replicas } }).then(() => ({ row, replicas, atMs: now() })));
      }
      const answered = await Promise.all(under);
      const first = (shown: Shown, row: string, replicas: number) => shown.get(row)?.find((one) => one.replicas >= replicas)?.atMs;
      const delays = (shown: Shown) => answered.map(({ row, replicas, atMs }) => (first(shown, row, replicas) ?? Number.NaN) - atMs);
      const onPage = async () => {
        const seen = await page.evaluate(() => (window as unknown as { seen: { row: string; text: string; atMs: number }[] }).seen);
        const shown: Shown = new Map();
        for (const { row, text, atMs } of seen) note(shown, row, Number(text.split('/')[1]), atMs);
        return shown;
      };
      const whole = (all: number[]) => (all.some(Number.isNaN) ? undefined : all);
      const streamed = await until('the stream tells every change', () => whole(delays(told)), SHOWN_WITHIN_MS);
      console.log(`${perSecond} changes/s, from the API server's answer`);
      report('to the frame of the live stream', streamed);
      const drawn = await until('the page shows every change', async () => whole(delays(await onPage())), SHOWN_WITHIN_MS);
      report('to the cell in Chromium', drawn);
    }
    await stream.close();
    await context.close();
  } finally {
    await evenkeel?.dispose();
    await cluster.dispose();
  }
});
