// A cable between browser and console that can be pulled out: a proxy that forwards bytes, or cuts every connection and takes none.

import { type Server, type Socket, connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

export class Cable {
  private readonly sockets = new Set<Socket>();
  private plugged = true;

  private constructor(private readonly server: Server) {}

  static async to(port: number): Promise<Cable> {
    const server = createServer();
    const cable = new Cable(server);
    server.on('connection', (near) => {
      if (!cable.plugged) {
        near.destroy();
        return;
      }
      const far = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        cable.sockets.add(from);
        from.on('close', () => {
          cable.sockets.delete(from);
          to.destroy();
        });
        // The other end sees it as closed; there is nobody to tell.
        from.on('error', () => from.destroy());
        from.pipe(to);
      }
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return cable;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  pull(): void {
    this.plugged = false;
    for (const socket of this.sockets) socket.destroy();
  }

  plug(): void {
    this.plugged = true;
  }

  async remove(): Promise<void> {
    this.pull();
    await new Promise((closed) => this.server.close(closed));
  }
}
