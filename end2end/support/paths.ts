// Where things are. The target folder is cargo's: `CARGO_TARGET_DIR` counts here as it does there.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

export const targetDir = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');

/// Where a run leaves its traces, its counts and the pictures of every page. `cargo xtask test` names them itself.
export const tracesDir = path.join(targetDir, 'playwright');
export const reportFile = path.join(targetDir, 'playwright.json');
export const screenshotDir = process.env.E2E_SCREENSHOTS ?? path.join(targetDir, 'screenshots');

export const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';

/// The binary under test.
export function evenkeelBinary(): string {
  const binary = process.env.E2E_BINARY ?? path.join(targetDir, 'debug', 'evenkeel');
  if (!existsSync(binary)) {
    throw new Error(`${binary} is not there: run \`cargo build -p server\` and \`cargo xtask site\`, or set E2E_BINARY`);
  }
  return binary;
}
