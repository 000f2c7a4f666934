// Backends of one's own: small HTTP servers that a test can make slow or sick.

import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export class Backend {
  healthy = true;
  /// Status of every answer but the health check's.
  status = 200;

  private constructor(
    private readonly server: Server,
    readonly name: string,
  ) {}

  static async start(name: string): Promise<Backend> {
    const server = createServer();
    const backend = new Backend(server, name);
    server.on('request', (request, response) => {
      request.resume();
      response.statusCode = request.url === '/health' ? (backend.healthy ? 200 : 503) : backend.status;
      response.end(name);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return backend;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}

/// `[[pools]]` and `[[routes]]` for these backends: `/<pool>` leads to the pool.
export function settings(pools: Record<string, Backend[]>): string {
  return Object.entries(pools)
    .map(([pool, backends]) => {
      const instances = backends.map((b) => `[[pools.instances]]\nid = "${b.name}"\naddress = "${b.address}"\n`).join('');
      return `[[pools]]\nid = "${pool}"\nhealth.interval_ms = 200\nhealth.slow_start_ms = 0\nbreaker.failures = 0\n${instances}\n[[routes]]\npath = "/${pool}"\npool = "${pool}"\n`;
    })
    .join('\n');
}

/// Asks `count` times, one after the other, so that the spread is exactly the algorithm's. Returns who answered how often.
export async function ask(url: string, count: number): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  for (let i = 0; i < count; i += 1) {
    const response = await fetch(url);
    const name = (await response.text()).trim();
    const key = response.ok ? name : String(response.status);
    answers[key] = (answers[key] ?? 0) + 1;
  }
  return answers;
}
