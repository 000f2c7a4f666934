// Ports that are free right now. The console is told them, so that it comes back at the same address when a test starts it again.

import { createServer } from 'node:net';

export async function freePorts(count: number): Promise<number[]> {
  // All are held until the last is found, so that none is given out twice.
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

function listen(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
