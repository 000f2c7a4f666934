// Every page of every test is listened to: a policy violation, an error in the console or an uncaught exception fails the test that
// caused it, unless the test said that it would.

import type { BrowserContext } from '@playwright/test';

export class Watch {
  private readonly heard: string[] = [];
  private readonly expected: RegExp[] = [];

  listen(context: BrowserContext): void {
    context.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.heard.push(`on ${message.page()?.url()}: ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    context.on('weberror', (error) => {
      this.heard.push(`on ${error.page()?.url()}: exception: ${error.error().stack ?? error.error().message}`);
    });
  }

  /// The test makes this happen.
  expect(pattern: RegExp): void {
    this.expected.push(pattern);
  }

  unexpected(): string[] {
    return this.heard.filter((line) => !this.expected.some((pattern) => pattern.test(line)));
  }
}
