// What a person does, in a real Chromium, against the real binary. `cargo xtask test --only browser` runs it and reads the counts from
// the JSON report.

import { defineConfig } from '@playwright/test';
import { chromium, reportFile, tracesDir } from './support/paths';

/// Each worker has a console, three samples and a browser of its own: more than two of them starve one another on two cores.
const WORKERS = 2;

export default defineConfig({
  testDir: 'tests',
  outputDir: tracesDir,
  workers: WORKERS,
  // The tests of one file share the worker's console and follow one another.
  fullyParallel: false,
  // A test that fails now and then is a broken test.
  retries: 0,
  forbidOnly: true,
  timeout: 90_000,
  // A debug build on a busy machine; nothing waits this long unless it fails.
  expect: { timeout: 15_000 },
  reporter: [['list'], ['json', { outputFile: reportFile }]],
  use: {
    viewport: { width: 1440, height: 900 },
    colorScheme: 'dark',
    locale: 'en-GB',
    timezoneId: 'UTC',
    actionTimeout: 15_000,
    navigationTimeout: 30_000,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: chromium,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
