// `test` of this suite: a console of the worker's own with its first admin made through the printed link, pages that are signed in, and
// an ear on everything the browser complains about.

import { type Browser, type BrowserContext, test as base, expect } from '@playwright/test';
import { type Session, adminSession, viewerSession } from './accounts';
import { Evenkeel, type Options } from './evenkeel';
import { intent } from './policy';
import { Watch } from './watch';

export { expect };

type Who = 'admin' | 'viewer' | 'nobody';

interface Shared {
  evenkeel: Evenkeel;
  sessions: Record<Who, Session | undefined>;
}

interface Each {
  /// Who `page` is signed in as.
  who: Who;
  watch: Watch;
  /// The policy after a test is the one before it, save the algorithm: the tests that follow share the console.
  asFound: void;
  /// Another browser at the same console.
  another: (who?: Who) => Promise<BrowserContext>;
  /// A console that this test alone has, and may break; with its admin's session.
  own: (options?: Options) => Promise<{ evenkeel: Evenkeel; context: BrowserContext }>;
}

export const test = base.extend<Each, Shared>({
  evenkeel: [
    // Playwright reads the names in the braces: none are needed.
    async ({}, use) => {
      const evenkeel = await Evenkeel.start();
      await use(evenkeel);
      await evenkeel.dispose();
    },
    { scope: 'worker', timeout: 180_000 },
  ],

  sessions: [
    async ({ browser, evenkeel }, use) => {
      const admin = await adminSession(browser, evenkeel);
      const viewer = await viewerSession(browser, evenkeel);
      await use({ admin, viewer, nobody: undefined });
    },
    { scope: 'worker', timeout: 120_000 },
  ],

  who: ['admin', { option: true }],

  baseURL: async ({ evenkeel }, use) => use(evenkeel.url),

  storageState: async ({ sessions, who }, use) => use(sessions[who]),

  watch: [
    async ({}, use) => {
      const watch = new Watch();
      await use(watch);
      expect(watch.unexpected(), 'what the browser complained about').toEqual([]);
    },
    { auto: true },
  ],

  asFound: [
    async ({ playwright, evenkeel, sessions }, use) => {
      const request = await playwright.request.newContext({ baseURL: evenkeel.url, storageState: sessions.admin });
      // Each test sets the algorithm it needs.
      const policy = async () => {
        const { algorithm: _, instances, ...rest } = (await intent(request, 'samples')).policy;
        const changed = Object.entries(instances).filter(([, i]) => i.weight !== 1 || i.admin !== 'ready' || i.breaker.hold !== 'auto');
        return { ...rest, instances: changed };
      };
      const before = await policy();
      await use();
      expect(await policy(), 'the test leaves the policy as it found it').toEqual(before);
      await request.dispose();
    },
    { auto: true },
  ],

  context: async ({ context, watch }, use) => {
    watch.listen(context);
    await use(context);
  },

  another: async ({ browser, evenkeel, sessions, watch }, use) => {
    const open: BrowserContext[] = [];
    await use(async (who = 'admin') => {
      const context = await contextAt(browser, evenkeel, sessions[who], watch);
      open.push(context);
      return context;
    });
    for (const context of open) await context.close();
  },

  own: async ({ browser, watch }, use) => {
    const consoles: Evenkeel[] = [];
    const contexts: BrowserContext[] = [];
    await use(async (options) => {
      const evenkeel = await Evenkeel.start(options);
      consoles.push(evenkeel);
      const context = await contextAt(browser, evenkeel, await adminSession(browser, evenkeel), watch);
      contexts.push(context);
      return { evenkeel, context };
    });
    for (const context of contexts) await context.close();
    for (const evenkeel of consoles) await evenkeel.dispose();
  },
});

async function contextAt(browser: Browser, evenkeel: Evenkeel, session: Session | undefined, watch: Watch): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: evenkeel.url, storageState: session });
  watch.listen(context);
  return context;
}
