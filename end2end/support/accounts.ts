// People and how they sign in: through the pages, as people do.

import { type Browser, type BrowserContext, type Page, expect } from '@playwright/test';
import type { Evenkeel } from './evenkeel';

export interface Account {
  name: string;
  password: string;
}

export const ADMIN: Account = { name: 'ada', password: 'an even keel is half the voyage' };
export const VIEWER: Account = { name: 'vera', password: 'looking is free for everybody' };

export type Session = Awaited<ReturnType<BrowserContext['storageState']>>;

/// Opens the printed link and makes the first admin.
export async function setUp(page: Page, evenkeel: Evenkeel, account: Account = ADMIN): Promise<void> {
  await page.goto(evenkeel.setupLink);
  await page.getByLabel('Name').fill(account.name);
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: 'Make the account' }).click();
  await expect(page).toHaveURL(`${evenkeel.url}/`);
}

export async function signIn(page: Page, account: Account): Promise<void> {
  await page.getByLabel('Name').fill(account.name);
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/// What a browser remembers after `enter`, for contexts to start with.
export async function session(browser: Browser, evenkeel: Evenkeel, enter: (page: Page) => Promise<void>): Promise<Session> {
  const context = await browser.newContext({ baseURL: evenkeel.url, storageState: undefined });
  try {
    await enter(await context.newPage());
    return await context.storageState();
  } finally {
    await context.close();
  }
}

export function adminSession(browser: Browser, evenkeel: Evenkeel): Promise<Session> {
  return session(browser, evenkeel, (page) => setUp(page, evenkeel));
}

/// Made on the command line beside the running console, as an administrator of the machine would.
export async function addViewer(evenkeel: Evenkeel, account: Account = VIEWER): Promise<void> {
  const added = await evenkeel.run(['user', 'add', account.name, '--role', 'viewer'], `${account.password}\n`);
  expect(added.code, added.output).toBe(0);
}

export async function viewerSession(browser: Browser, evenkeel: Evenkeel): Promise<Session> {
  await addViewer(evenkeel);
  return session(browser, evenkeel, async (page) => {
    await page.goto('/sign-in');
    await signIn(page, VIEWER);
    await expect(page).toHaveURL(`${evenkeel.url}/`);
  });
}
