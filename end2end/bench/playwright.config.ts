// What is measured in a real browser. `cargo xtask bench kubernetes` runs it; the tests do not.

import { defineConfig } from '@playwright/test';
import base from '../playwright.config';

export default defineConfig(base, {
  testDir: '.',
  testMatch: '*.bench.ts',
  workers: 1,
  timeout: 900_000,
  reporter: [['line']],
  // Both cost the page more than what is measured.
  use: { trace: 'off', screenshot: 'off' },
});
