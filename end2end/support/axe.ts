// Accessibility, as axe-core judges it: every rule of WCAG 2.2 A and AA and axe's own best practices, on what is on screen now.

import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

/// One line for each violation: rule, how bad, where.
export async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap((v) =>
    v.nodes.map((node) => {
      const why = node.failureSummary?.split('\n').slice(1).map((line) => line.trim()).join('; ') ?? '';
      return `${v.id} (${v.impact}): ${node.target.join(' ')}: ${why}`;
    }),
  );
}
